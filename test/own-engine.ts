/**
 * An engine for tests that stop it, kill it or fill its disk: beside the host's, with folders, socket
 * and containers of its own. It changes no packet filter and no forwarding of the host's.
 */
import { execFile } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { access, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { prepareEngine, type EngineProcess } from "../cli/cluster/engine.ts";
import { unmountBelow } from "../cli/run-dir.ts";
import { mountSmall } from "./small-disk.ts";

const run = promisify(execFile);
/** No container of these tests is on it. */
const hostBridge = "docker0";

export interface OwnEngine extends EngineProcess {
  remove(): Promise<void>;
}

export interface OwnEngineOptions {
  /** Puts the data on a disk of this size; without it they lie among the temporary files. */
  readonly diskBytes?: number;
}

/** Makes an engine, not yet started. */
export async function createOwnEngine({ diskBytes }: OwnEngineOptions = {}): Promise<OwnEngine> {
  const name = `asci-${randomBytes(3).toString("hex")}`;
  const folder = await mkdtemp(join(tmpdir(), `${name}-engine-`));
  const dataRoot = join(folder, "data");
  await mkdir(dataRoot);
  if (diskBytes !== undefined) await mountSmall(dataRoot, diskBytes);
  // Short, as paths of sockets end at 107 bytes.
  await mkdir("/run/asci", { recursive: true });
  const execRoot = await mkdtemp("/run/asci/e-");
  const bridgeWasThere = await hasInterface(hostBridge);
  const args = [
    // Told of another bridge, or of none, it would remove the host engine's own; told of no address for
    // it, it would give it another one, and cut off what the host's engine runs and builds on it.
    ...(await sharedBridge()),
    "--iptables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    // Of the range for measurements between networks (RFC 2544): nobody's.
    `--default-address-pool=base=198.19.${randomInt(256)}.0/24,size=28`,
  ];
  const engine = await prepareEngine({ name, folder, dataRoot, execRoot, args });
  return Object.assign(engine, {
    async remove() {
      if (!engine.started) await engine.start();
      engine.resume();
      await engine.empty();
      await engine.stop();
      if (!bridgeWasThere) await run("ip", ["link", "delete", hostBridge]).catch(() => {});
      // Its disk, and the mounts that it leaves where containers may live on.
      for (const it of [execRoot, folder]) await unmountBelow(it);
      await rm(execRoot, { recursive: true });
      await rm(folder, { recursive: true });
    },
  });
}

/** The host's bridge as it is, with addresses for containers that the host's engine comes to last. */
async function sharedBridge(): Promise<string[]> {
  const { stdout } = await run("ip", ["-o", "-4", "addr", "show", "dev", hostBridge]).catch(() => ({
    stdout: "",
  }));
  const [, address = "", prefix] = /\binet ([\d.]+)\/(\d+)/.exec(stdout) ?? [];
  if (prefix !== "16") return [`--bridge=${hostBridge}`];
  const part = address.split(".").slice(0, 2).join(".");
  return [`--bip=${address}/${prefix}`, `--fixed-cidr=${part}.${128 + randomInt(120)}.0/28`];
}

function hasInterface(name: string): Promise<boolean> {
  return access(`/sys/class/net/${name}`).then(
    () => true,
    () => false,
  );
}
