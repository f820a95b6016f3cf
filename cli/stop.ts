import { stat } from "node:fs/promises";
import Docker from "dockerode";
import { removeFirewall } from "../controller/firewall.ts";
import { removeNetworkHolders } from "../controller/runtimes/spare-networks.ts";
import { openDataFolder } from "./data-folder.ts";
import type { DataFolder } from "./data-folder.ts";
import { stopEngine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { endLeftoverParts } from "./leftovers.ts";
import { takeLock } from "./lock.ts";
import type { Lock } from "./lock.ts";
import { clearLeftovers } from "./postgres-leftovers.ts";
import { isAlive, signalProcess } from "./process-identity.ts";
import { removeRunDir } from "./run-dir.ts";
import { dataDirOf } from "./settings.ts";
import { readState } from "./state-file.ts";
import { say } from "./terminal.ts";

const stopLimitMs = 40_000;
const killLimitMs = 10_000;

/** `npm run stop`: ASCI, its desktops, and the engine if ASCI started it. What is not running is no fault. */
export async function stop(environment: Readonly<NodeJS.ProcessEnv>): Promise<number> {
  const dataDir = dataDirOf(environment);
  if ((await stat(dataDir).catch(() => undefined)) === undefined) {
    say("ASCI is not running");
    return 0;
  }
  const folder = await openDataFolder(dataDir);
  const { lock, wasRunning } = await stopSupervisor(folder);
  try {
    // Under the lock: a start at this moment would bring to life what is being stopped.
    const state = await readState(folder.root);
    await endLeftoverParts(state);
    if ((await stat(folder.postgres).catch(() => undefined)) !== undefined) {
      await clearLeftovers(folder.postgres);
    }
    const desktops = await removeDesktops(state?.installationId);
    const engine = await stopEngine(folder.engine);
    sayWhat({ wasRunning, desktops, engine });
  } finally {
    await lock.release();
  }
  return 0;
}

function sayWhat(done: { wasRunning: boolean; desktops: number; engine: boolean }): void {
  const count = done.desktops === 1 ? "1 desktop" : `${done.desktops} desktops`;
  say(done.wasRunning ? "ASCI is stopped" : "ASCI was not running");
  if (done.desktops > 0) say(`Ended ${count}`);
  if (done.engine) say("The Docker engine is stopped");
}

/** @returns the data folder's lock, which is free once the supervisor is gone */
async function stopSupervisor(folder: DataFolder): Promise<{ lock: Lock; wasRunning: boolean }> {
  const free = await takeLock(folder.lock);
  if (free !== undefined) return { lock: free, wasRunning: false };
  const supervisor = (await readState(folder.root))?.supervisor;
  // Another `stop`, or a start so young that it has written nothing: then only waiting is left.
  const ours = supervisor !== undefined && (await isAlive(supervisor));
  if (ours) await signalProcess(supervisor, "SIGTERM");
  let lock = await takeLock(folder.lock, stopLimitMs);
  if (lock === undefined && ours) {
    await signalProcess(supervisor, "SIGKILL");
    lock = await takeLock(folder.lock, killLimitMs);
  }
  if (lock === undefined) {
    throw new Failure(
      "already_running",
      `Another ASCI command holds ${folder.root} and does not end: end it, then try again.`,
    );
  }
  return { lock, wasRunning: true };
}

/** @returns how many there were; no engine, no desktops */
async function removeDesktops(installationId: string | undefined): Promise<number> {
  if (installationId === undefined) return 0;
  const docker = new Docker();
  const label = `asci.installation=${installationId}`;
  const found = await docker
    .listContainers({ all: true, filters: { label: [label] } })
    .catch(() => undefined);
  if (found === undefined) return 0;
  await Promise.all(
    found.map(async ({ Id }) => {
      const container = docker.getContainer(Id);
      // Already stopped, or removed by somebody else meanwhile: what counts is that it is gone.
      await container.stop({ t: 2 }).catch(() => undefined);
      await container.remove({ force: true, v: true }).catch(tolerate);
    }),
  );
  await removeNetworkHolders(docker, installationId);
  await removeNetworks(docker, label);
  await removeFirewall(installationId).catch(() => undefined);
  await removeRunDir(installationId);
  return found.length;
}

/** An engine has addresses for about thirty networks; ours is made again by the next start. */
async function removeNetworks(docker: Docker, label: string): Promise<void> {
  const networks = await docker.listNetworks({ filters: { label: [label] } });
  for (const { Id } of networks) await docker.getNetwork(Id).remove().catch(tolerate);
}

function tolerate(error: unknown): void {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  // 404: gone; 409: being removed already; 403: a network that something else still uses.
  if (![403, 404, 409].includes(Number(status))) throw error;
}
