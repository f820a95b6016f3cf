/** A container engine beside the machine's own, with folders, socket and containers of its own. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";
import { systemPath } from "../../images/host.ts";
import { until } from "../until.ts";
import { withinNetwork } from "./network.ts";

export interface EngineStart {
  /** Whether its containers live on when it is stopped. Default true. */
  readonly liveRestore?: boolean;
}

export interface EngineProcess {
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
  /** Removes its containers and networks; it must be running. */
  empty(): Promise<void>;
}

export interface EngineOptions {
  /** Of its containers where the host has a containerd that it uses, and of its control groups. */
  readonly name: string;
  /** For its settings and its log. */
  readonly folder: string;
  readonly dataRoot: string;
  /** For its socket, so of a short path: it must end within 107 bytes. */
  readonly execRoot: string;
  /** The network that it stands in, as a file; default: the host's. */
  readonly network?: string;
  /** As in daemon.json. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
}

/** Prepares an engine, not yet started. It ends with this process, however that ends; containers do not. */
export async function prepareEngine(options: EngineOptions): Promise<EngineProcess> {
  const { folder, dataRoot, execRoot } = options;
  for (const path of [folder, dataRoot, execRoot]) await mkdir(path, { recursive: true });
  const socketPath = join(execRoot, "engine.sock");
  const docker = new Docker({ socketPath });
  const log = join(folder, "engine.log");
  const args = await argumentsOf(options, socketPath);
  let running: ChildProcess | undefined;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!running) throw new Error("the engine is not running");
    const ended = running;
    running = undefined;
    if (ended.exitCode !== null || ended.signalCode !== null) return;
    const exited = once(ended, "exit");
    ended.kill(signal);
    await exited;
    await buryContainerd(join(execRoot, "containerd", "containerd.pid"));
  };
  return {
    docker,
    url: `unix://${socketPath}`,
    dataRoot,
    get started() {
      return running !== undefined;
    },
    async start({ liveRestore = true } = {}) {
      if (running) throw new Error("the engine is running");
      const command = ["dockerd", ...args, `--live-restore=${liveRestore}`] as const;
      running = await spawnEngine(withinNetwork(options.network, [...command]), log);
      await untilItAnswers(docker, running, log);
    },
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    pause: () => void running?.kill("SIGSTOP"),
    resume: () => void running?.kill("SIGCONT"),
    load: (archive) => load(docker, archive),
    empty: () => empty(docker),
  };
}

async function argumentsOf(options: EngineOptions, socketPath: string): Promise<string[]> {
  const { name, folder, dataRoot, execRoot } = options;
  const configFile = join(folder, "daemon.json");
  await writeFile(configFile, `${JSON.stringify(options.settings ?? {})}\n`);
  return [
    // The host's settings are for the host's engine.
    `--config-file=${configFile}`,
    `--data-root=${dataRoot}`,
    `--exec-root=${execRoot}`,
    `--pidfile=${join(folder, "engine.pid")}`,
    `--host=unix://${socketPath}`,
    // Where the host has a containerd of its own, this engine uses it.
    `--containerd-namespace=${name}`,
    `--containerd-plugins-namespace=${name}-plugins`,
    "--userland-proxy=false",
    ...(options.args ?? []),
  ];
}

async function load(docker: Docker, archive: NodeJS.ReadableStream): Promise<void> {
  const stream = await docker.loadImage(archive);
  for await (const chunk of stream)
    if (String(chunk).includes('"error"')) throw new Error(String(chunk));
}

/** Only the engine itself takes away its containers' processes, mounts and interfaces. */
async function empty(docker: Docker): Promise<void> {
  const containers = await docker.listContainers({ all: true });
  await Promise.all(
    containers.map((it) => docker.getContainer(it.Id).remove({ force: true, v: true })),
  );
  for (const it of await docker.listNetworks({ filters: { type: ["custom"] } }))
    await docker.getNetwork(it.Id).remove();
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

async function spawnEngine(argv: readonly string[], logPath: string): Promise<ChildProcess> {
  const log = await open(logPath, "a");
  // It ends with us, also where we are killed.
  const child = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", ...argv], {
    // A session of its own: the terminal's Ctrl-C is ours to pass on, in order.
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: { PATH: systemPath() },
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
