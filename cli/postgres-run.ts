import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { asUser } from "./as-user.ts";
import { LogFile } from "./log-file.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import { ensureSystemUser } from "./system-user.ts";
import type { SystemUser } from "./system-user.ts";

const keptLines = 8;

/** What the programs of the embedded Postgres are run with. */
export interface PostgresHost {
  binaries: PostgresBinaries;
  /** Undefined where we are not root: then they run as ourselves. */
  user: SystemUser | undefined;
  log: LogFile;
  /** Gets what it writes that a person has to act on. */
  onAlarm: (line: string) => void;
}

/** @throws Failure `postgres_missing`, `system_user` */
export async function findPostgresHost(
  logFile: string,
  onAlarm: PostgresHost["onAlarm"],
): Promise<PostgresHost> {
  const user = process.getuid?.() === 0 ? await ensureSystemUser("asci-postgres") : undefined;
  return { user, binaries: await findPostgresBinaries(user), log: new LogFile(logFile), onAlarm };
}

/** The words of a log line about a full disk or a crash, without their prefix; undefined for all else. */
export function alarmIn(line: string): string | undefined {
  const [, severity, text] = /\b(PANIC|FATAL|ERROR|LOG): {2}(.*)$/.exec(line) ?? [];
  if (text === undefined) return undefined;
  return severity === "PANIC" || text.includes("No space left on device") ? text : undefined;
}

/**
 * Runs a Postgres program on a folder. It is told that its data lies in its own working directory, by the kernel's link
 * to that, so the folders above may be closed to its user (a clone below /root, say).
 * @param lastLines takes the last lines of its output, beside the log
 */
export async function runPostgresProgram(
  host: PostgresHost,
  directory: string,
  argv: readonly string[],
  lastLines: string[],
  stdin: number | "ignore" = "ignore",
): Promise<ChildProcess> {
  const dataPath = process.platform === "linux" ? "/proc/self/cwd" : directory;
  const command = await asUser(host.user, [...argv, "-D", dataPath], "INT");
  const timeZone = process.env["TZ"];
  const child = spawn(command.file, command.args, {
    cwd: directory,
    // Only what it needs: PG* variables of the person at the terminal would change what it does.
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", ...(timeZone ? { TZ: timeZone } : {}) },
    // A session of its own, so a Ctrl-C at the terminal does not reach it before those who use it have finished.
    detached: true,
    stdio: [stdin, "pipe", "pipe"],
    ...command.ids,
  });
  // What matters comes with "close"; without a listener a failed spawn would end the process.
  child.on("error", (error) => keep(lastLines, error.message));
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      keep(lastLines, line);
      host.log.write(`${line}\n`);
      const alarm = alarmIn(line);
      if (alarm !== undefined) host.onAlarm(alarm);
    });
  }
  return child;
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > keptLines) lines.shift();
}
