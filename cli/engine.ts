import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Docker from "dockerode";
import {
  exists,
  findProcess,
  findProgram,
  HostError,
  installPackages,
  isRoot,
  rootPrefix,
  runCommand,
  systemEnvironment,
} from "../images/host.ts";

export type EngineErrorCode =
  | "engine_missing"
  | "engine_forbidden"
  | "engine_unreachable"
  | "engine_failed";

/** No container engine to work with; the message is one sentence that says what to do. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EngineError";
    this.code = code;
  }
}

export interface EngineOptions {
  /** Where the engine's log and the record of an engine that we started are kept. */
  stateDir: string;
  onProgress?: (line: string) => void;
}

export interface Engine {
  docker: Docker;
  /** True when the engine that answers is one that ASCI started, now or earlier. */
  startedByUs: boolean;
}

interface EngineRecord {
  pid: number;
  /** The kernel's start time of that process, in clock ticks since boot: a pid alone may be somebody else by now. */
  startTicks: string;
  systemd: boolean;
}

const socketPath = "/var/run/docker.sock";
const pidPath = "/var/run/docker.pid";
const pingLimitMs = 5_000;
const startLimitMs = 60_000;
const stopLimitMs = 30_000;

/**
 * A container engine that answers: the one at DOCKER_HOST, the one at the usual socket, or, on Debian and Ubuntu as
 * root, one that is installed and started here. An engine started here runs in a session of its own and keeps its
 * containers when it restarts, so it outlives us.
 * @throws EngineError
 */
export async function ensureEngine(options: EngineOptions): Promise<Engine> {
  const dockerHost = process.env["DOCKER_HOST"];
  if (dockerHost !== undefined && dockerHost !== "") {
    const docker = new Docker();
    if ((await ping(docker)) === "answers") return { docker, startedByUs: false };
    throw new EngineError(
      "engine_unreachable",
      `No Docker engine answers at DOCKER_HOST (${dockerHost}): start it there, or unset DOCKER_HOST.`,
    );
  }
  const docker = new Docker({ socketPath });
  const found = await ping(docker);
  if (found === "forbidden") throw forbidden();
  if (found === "silent") await startEngine(docker, options);
  const record = await readRecord(options.stateDir);
  return { docker, startedByUs: record !== undefined && (await isOurs(record)) };
}

/**
 * Stops the engine that ASCI started, and no other.
 * @returns whether there was one to stop
 */
export async function stopEngine(stateDir: string): Promise<boolean> {
  const record = await readRecord(stateDir);
  if (record === undefined) return false;
  const ours = await isOurs(record);
  if (ours && record.systemd) {
    const prefix = (await rootPrefix()) ?? [];
    await runCommand([...prefix, "systemctl", "stop", "docker.socket", "docker.service"]);
  } else if (ours) {
    await endProcess(record);
  }
  await rm(recordPath(stateDir), { force: true });
  return ours;
}

type Answer = "answers" | "forbidden" | "silent";

async function ping(docker: Docker): Promise<Answer> {
  const answered = docker.ping().then(
    (): Answer => "answers",
    (error: unknown): Answer => (codeOf(error) === "EACCES" ? "forbidden" : "silent"),
  );
  return Promise.race([answered, delay(pingLimitMs, "silent" as const, { ref: false })]);
}

async function startEngine(docker: Docker, options: EngineOptions): Promise<void> {
  await mkdir(options.stateDir, { recursive: true });
  if ((await findProgram("dockerd")) === undefined) await installEngine(options);
  if ((await ping(docker)) === "silent") {
    const failed = (await exists("/run/systemd/system"))
      ? await startBySystemd()
      : await startDetached(options);
    if (!(await answersInTime(docker, failed))) throw await startFailure(options.stateDir);
  }
  // The package's own scripts may have started it: it is there because of us all the same.
  await recordEngine(options.stateDir);
  if ((await ping(docker)) === "forbidden") throw forbidden();
}

async function installEngine({ onProgress }: EngineOptions): Promise<void> {
  onProgress?.("Installing the Docker engine");
  try {
    await installPackages(
      ["docker.io", "iptables"],
      onProgress === undefined ? {} : { onLine: onProgress },
    );
  } catch (error) {
    const reason = error instanceof HostError && error.code === "packages_failed" ? error : null;
    throw new EngineError(
      "engine_missing",
      reason === null
        ? "No Docker engine answers: install Docker (on Debian and Ubuntu the package docker.io), start it, and start ASCI again."
        : `The Docker engine could not be installed: run "apt-get install docker.io iptables" and look at what it says.\n${reason.message}`,
      { cause: error },
    );
  }
}

/** Resolves to a promise that settles when starting is known to have failed. */
type Failure = { failed: Promise<void> };

async function startBySystemd(): Promise<Failure> {
  const prefix = await rootPrefix();
  if (prefix === undefined) throw mustBeRoot();
  return { failed: runCommand([...prefix, "systemctl", "start", "docker"]).catch(() => undefined) };
}

async function startDetached({ stateDir, onProgress }: EngineOptions): Promise<Failure> {
  const prefix = await rootPrefix();
  if (prefix === undefined) throw mustBeRoot();
  onProgress?.("Starting the Docker engine");
  await removeStalePid();
  const log = await open(logPath(stateDir), "a");
  const args = [...prefix, "dockerd", ...(await engineFlags())];
  const child = spawn(args[0] ?? "dockerd", args.slice(1), {
    // A session of its own: a Ctrl-C at the terminal or a killed process group must not take the desktops along.
    detached: true,
    cwd: "/",
    stdio: ["ignore", log.fd, log.fd],
    env: systemEnvironment(),
  });
  child.unref();
  await log.close();
  return {
    failed: Promise.race([once(child, "exit"), once(child, "error")]).then(() => undefined),
  };
}

/** Flags that the host's daemon.json does not set already: the engine refuses a setting given in both places. */
async function engineFlags(): Promise<string[]> {
  const configured: unknown = await readFile("/etc/docker/daemon.json", "utf8").then(
    (text) => JSON.parse(text) as unknown,
    () => ({}),
  );
  const has = (key: string): boolean =>
    typeof configured === "object" && configured !== null && key in configured;
  const flags: string[] = [];
  if (!has("live-restore")) flags.push("--live-restore");
  if (!has("hosts")) flags.push("--host", `unix://${socketPath}`);
  if (!has("pidfile")) flags.push("--pidfile", pidPath);
  // Without this the socket belongs to the group docker, in which someone who came by sudo may not be.
  if (!isRoot() && !has("group")) flags.push("--group", String(process.getgid?.() ?? 0));
  return flags;
}

/** After a power cut the pid file may name a process that has nothing to do with Docker, and the engine would refuse to start. */
async function removeStalePid(): Promise<void> {
  const pid = Number(await readFile(pidPath, "utf8").catch(() => ""));
  if (pid > 0 && (await findProcess(pid))?.name !== "dockerd") await rm(pidPath, { force: true });
}

async function answersInTime(docker: Docker, { failed }: Failure): Promise<boolean> {
  let deadline = Date.now() + startLimitMs;
  // Another ASCI may be starting the same engine at this moment; then ours ends and the other one answers soon.
  void failed.then(() => (deadline = Math.min(deadline, Date.now() + 10_000)));
  while (Date.now() < deadline) {
    if ((await ping(docker)) !== "silent") return true;
    await delay(100);
  }
  return false;
}

async function startFailure(stateDir: string): Promise<EngineError> {
  const log = await readFile(logPath(stateDir), "utf8").catch(() => "");
  const last = log.trimEnd().split("\n").slice(-8).join("\n");
  return new EngineError(
    "engine_failed",
    `The Docker engine did not start: its log ${logPath(stateDir)} ends with\n${last}`,
  );
}

async function recordEngine(stateDir: string): Promise<void> {
  const systemd = await exists("/run/systemd/system");
  const pid = Number(await readFile(pidPath, "utf8").catch(() => ""));
  const running = pid > 0 ? await findProcess(pid) : undefined;
  if (running?.name !== "dockerd") return;
  const record: EngineRecord = { pid, startTicks: running.startTicks, systemd };
  await writeFile(recordPath(stateDir), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

async function readRecord(stateDir: string): Promise<EngineRecord | undefined> {
  try {
    const value = JSON.parse(await readFile(recordPath(stateDir), "utf8")) as Partial<EngineRecord>;
    if (typeof value.pid !== "number" || typeof value.startTicks !== "string") return undefined;
    return { pid: value.pid, startTicks: value.startTicks, systemd: value.systemd === true };
  } catch {
    return undefined;
  }
}

async function isOurs(record: EngineRecord): Promise<boolean> {
  const running = await findProcess(record.pid);
  return running?.name === "dockerd" && running.startTicks === record.startTicks;
}

async function endProcess(record: EngineRecord): Promise<void> {
  const prefix = (await rootPrefix()) ?? [];
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (isRoot()) process.kill(record.pid, signal);
    else await runCommand([...prefix, "kill", `-${signal.slice(3)}`, String(record.pid)]);
  };
  await kill("SIGTERM");
  const deadline = Date.now() + stopLimitMs;
  while (await isOurs(record)) {
    if (Date.now() > deadline) {
      await kill("SIGKILL");
      return;
    }
    await delay(50);
  }
}

function recordPath(stateDir: string): string {
  return join(stateDir, "engine.json");
}

function logPath(stateDir: string): string {
  return join(stateDir, "engine.log");
}

function forbidden(): EngineError {
  return new EngineError(
    "engine_forbidden",
    `This user may not use the Docker engine at ${socketPath}: run ASCI as root, or add the user to the group docker and sign in again.`,
  );
}

function mustBeRoot(): EngineError {
  return new EngineError(
    "engine_missing",
    "The Docker engine is installed but not running: start it, or run ASCI as root so that it can.",
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}
