/**
 * An engine for tests that stop it, kill it or fill its disk: beside the host's, with folders, socket
 * and containers of its own. It changes no packet filter and no forwarding of the host's.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { access, mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import Docker from "dockerode";
import { unmountBelow } from "../cli/run-dir.ts";
import { until } from "./browser.ts";
import { mountSmall } from "./small-disk.ts";

const run = promisify(execFile);
/** No container of these tests is on it. */
const hostBridge = "docker0";

export interface EngineStart {
  /** Whether its containers live on when it is stopped. Default true. */
  readonly liveRestore?: boolean;
}

export interface OwnEngine {
  readonly docker: Docker;
  /** For DOCKER_HOST. */
  readonly url: string;
  /** Where images and containers lie. */
  readonly dataRoot: string;
  /** Whether it was started and neither stopped nor killed since. */
  readonly started: boolean;
  /** Resolves when it answers. */
  start(options?: EngineStart): Promise<void>;
  /** As a service manager does it; containers go with it unless it was started to let them live on. */
  stop(): Promise<void>;
  /** By SIGKILL; what runs in containers goes on. */
  kill(): Promise<void>;
  /** It accepts connections and answers nothing, until it is resumed or killed. */
  pause(): void;
  resume(): void;
  /** Takes an image, as `docker save` writes it. */
  load(archive: NodeJS.ReadableStream): Promise<void>;
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
  const socketPath = join(execRoot, "engine.sock");
  const docker = new Docker({ socketPath });
  const log = join(folder, "engine.log");
  const bridgeWasThere = await hasInterface(hostBridge);
  const configFile = join(folder, "daemon.json");
  await writeFile(configFile, "{}\n");
  const args = [
    // The host's settings are for the host's engine.
    `--config-file=${configFile}`,
    `--data-root=${dataRoot}`,
    `--exec-root=${execRoot}`,
    `--pidfile=${join(folder, "engine.pid")}`,
    `--host=unix://${socketPath}`,
    // Where the host has a containerd of its own, this engine uses it.
    `--containerd-namespace=${name}`,
    `--containerd-plugins-namespace=${name}-plugins`,
    // Told of another bridge, or of none, it would remove the host engine's own; told of no address for
    // it, it would give it another one, and cut off what the host's engine runs and builds on it.
    ...(await sharedBridge()),
    "--iptables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    "--userland-proxy=false",
    // Of the range for measurements between networks (RFC 2544): nobody's.
    `--default-address-pool=base=198.19.${randomInt(256)}.0/24,size=28`,
  ];
  let running: ChildProcess | undefined;

  const end = async (signal: NodeJS.Signals) => {
    if (!running) throw new Error("the engine is not running");
    const ended = running;
    running = undefined;
    if (ended.exitCode !== null || ended.signalCode !== null) return;
    const exited = once(ended, "exit");
    ended.kill(signal);
    await exited;
    await buryContainerd(join(execRoot, "containerd", "containerd.pid"));
  };
  const start = async ({ liveRestore = true }: EngineStart = {}) => {
    if (running) throw new Error("the engine is running");
    running = await spawnEngine([...args, `--live-restore=${liveRestore}`], log);
    await untilItAnswers(docker, running, log);
  };
  return {
    docker,
    url: `unix://${socketPath}`,
    dataRoot,
    get started() {
      return running !== undefined;
    },
    start,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    pause: () => void running?.kill("SIGSTOP"),
    resume: () => void running?.kill("SIGCONT"),
    async load(archive) {
      const stream = await docker.loadImage(archive);
      for await (const chunk of stream)
        if (String(chunk).includes('"error"')) throw new Error(String(chunk));
    },
    async remove() {
      // Only the engine itself takes away its containers' processes, mounts and interfaces.
      if (!running) await start();
      running?.kill("SIGCONT");
      for (const it of await docker.listContainers({ all: true }))
        await docker.getContainer(it.Id).remove({ force: true, v: true });
      for (const it of await docker.listNetworks({ filters: { type: ["custom"] } }))
        await docker.getNetwork(it.Id).remove();
      await end("SIGTERM");
      if (!bridgeWasThere) await run("ip", ["link", "delete", hostBridge]).catch(() => {});
      // Its disk, and the mounts that it leaves where containers may live on.
      for (const it of [execRoot, folder]) await unmountBelow(it);
      await rm(execRoot, { recursive: true });
      await rm(folder, { recursive: true });
    },
  };
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

/**
 * An engine's own containerd is killed with it. While nobody has waited for the dead process, the next
 * engine would take it for a live one, and wait in vain for its answer.
 */
async function buryContainerd(pidFile: string): Promise<void> {
  const pid = (await readFile(pidFile, "utf8").catch(() => "")).trim();
  if (pid === "") return;
  await until("the engine's containerd has ended", async () => {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    return status === "" || /^State:\s+Z/m.test(status);
  });
  await rm(pidFile, { force: true });
}

async function spawnEngine(args: readonly string[], logPath: string): Promise<ChildProcess> {
  const log = await open(logPath, "a");
  // It ends with the tests, also where these are killed.
  const child = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", "dockerd", ...args], {
    stdio: ["ignore", log.fd, log.fd],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  await once(child, "spawn");
  await log.close();
  return child;
}

async function untilItAnswers(docker: Docker, child: ChildProcess, log: string): Promise<void> {
  await until("the engine answers", async () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      const said = (await readFile(log, "utf8")).split("\n").slice(-20).join("\n");
      throw new Error(`the engine ended:\n${said}`);
    }
    return docker.ping().then(
      () => true,
      () => false,
    );
  });
}
