/** What a cluster has on a machine, and how all of it goes, whatever became of those who started it. */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, readlink, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemCode } from "../failure.ts";
import { endLeftoverParts } from "../leftovers.ts";
import { takeLock } from "../lock.ts";
import type { Lock } from "../lock.ts";
import { clearLeftovers } from "../postgres-leftovers.ts";
import { identify, signalProcess, waitForEnd } from "../process-identity.ts";
import { unmountBelow } from "../run-dir.ts";
import { readState } from "../state-file.ts";
import { listNetworks, removeNetwork } from "./network.ts";

const run = promisify(execFile);
const runRoot = "/run/asci";
/** One file for each cluster, with the path of its folder; written before anything of it is made. */
const records = join(runRoot, "clusters");
const endLimitMs = 20_000;

/** A node's sockets. */
export function runDirOfNode(name: string): string {
  return join(runRoot, name.replace("asci-", "c-"));
}

export async function recordCluster(clusterId: string, folder: string): Promise<void> {
  await mkdir(records, { recursive: true, mode: 0o711 });
  await writeFile(join(records, clusterId), folder, { flag: "wx" });
}

/** Clears away every cluster whose command was killed. @returns how many there were */
export async function removeLeftoverClusters(): Promise<number> {
  const ids = new Set(await readdir(records).catch(() => []));
  for (const it of await listNetworks()) ids.add(it.clusterId);
  let removed = 0;
  for (const id of ids) {
    const folder = await readFile(join(records, id), "utf8").catch(() => "");
    const lock = folder === "" ? "gone" : await lockOf(folder);
    // Somebody holds it: that cluster is alive.
    if (lock === undefined) continue;
    await removeCluster(id, folder);
    if (lock !== "gone") await lock.release();
    removed++;
  }
  return removed;
}

/** @returns "gone" where there is no folder any more; undefined where somebody holds it */
function lockOf(folder: string): Promise<Lock | undefined | "gone"> {
  return takeLock(join(folder, "asci.lock")).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return "gone";
    throw error;
  });
}

/**
 * Ends everything that runs for a cluster and removes everything that it had, its folder included.
 * Repeated, or with half of it gone already, it does what is left.
 * @param folder of the whole cluster; "" where it is not known
 */
export async function removeCluster(clusterId: string, folder: string): Promise<void> {
  if (folder !== "") {
    await endLeftoverParts(await readState(folder));
    const database = join(folder, "postgres");
    if (await stat(database).catch(() => undefined)) await clearLeftovers(database);
  }
  const names = new Set<string>();
  for (const it of await listNetworks()) if (it.clusterId === clusterId) names.add(it.name);
  await endProcesses([...names]);
  const runDirs = (await readdir(runRoot)).filter((it) => it.startsWith(`c-${clusterId}-`));
  for (const it of runDirs) {
    await unmountBelow(join(runRoot, it));
    await rm(join(runRoot, it), { recursive: true, force: true });
  }
  if (folder !== "") await unmountBelow(folder);
  for (const name of names) {
    await removeNetwork(name);
    await removeControlGroups(name);
  }
  if (folder !== "") await rm(folder, { recursive: true, force: true });
  await rm(join(records, clusterId), { force: true });
}

/** Engines, what they started, and what that started: a container's own processes stand in networks of theirs. */
async function endProcesses(names: readonly string[]): Promise<void> {
  const networks = await Promise.all(names.map((name) => inode(join("/run/netns", name))));
  for (;;) {
    const all = await processes();
    const found = new Set(all.filter((it) => isOf(it, names, networks)).map((it) => it.pid));
    for (let size = -1; size !== found.size;) {
      size = found.size;
      for (const it of all) if (found.has(it.parent)) found.add(it.pid);
    }
    found.delete(process.pid);
    const identities = await Promise.all([...found].map(identify));
    const alive = identities.filter((it) => it !== undefined);
    if (alive.length === 0) return;
    for (const it of alive) await signalProcess(it, "SIGKILL");
    if (!(await waitForEnd(alive, endLimitMs)))
      throw new Error(`these processes do not end: ${alive.map((it) => it.pid).join(", ")}`);
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly network: number;
  readonly words: readonly string[];
}

function isOf(it: Process, names: readonly string[], networks: readonly number[]): boolean {
  if (networks.includes(it.network)) return true;
  // Where the machine has a containerd of its own, it keeps an engine's containers: in a namespace of that name.
  const namespace = it.words[it.words.indexOf("-namespace") + 1] ?? "";
  return it.words[0]?.includes("containerd-shim") === true && names.includes(namespace);
}

async function processes(): Promise<Process[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((it) => it !== undefined);
}

async function readProcess(pid: number): Promise<Process | undefined> {
  try {
    const [network, status, words] = await Promise.all([
      readlink(`/proc/${pid}/ns/net`),
      readFile(`/proc/${pid}/status`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    return {
      pid,
      parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]),
      network: Number(/\d+/.exec(network)?.[0]),
      words: words.split("\0"),
    };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

async function inode(path: string): Promise<number> {
  return stat(path).then(
    (it) => it.ino,
    () => -1,
  );
}

/** Empty ones, as their processes have ended; the engine was told to put its containers below that name. */
async function removeControlGroups(name: string): Promise<void> {
  const ours = ["-path", `*/${name}`, "-o", "-path", `*/${name}/*`];
  const { stdout } = await run("find", [
    "/sys/fs/cgroup",
    "-depth",
    "-type",
    "d",
    "(",
    ...ours,
    ")",
  ]);
  for (const path of stdout.split("\n").filter((it) => it !== ""))
    await rmdir(path).catch(() => undefined);
}
