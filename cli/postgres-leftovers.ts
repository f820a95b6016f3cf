import { readFile, realpath, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Failure, systemCode } from "./failure.ts";
import { processesIn, signalProcess, waitForEnd } from "./process-identity.ts";

const fastStopLimitMs = 10_000;

/**
 * Ends whatever of an earlier Postgres still works on this data folder, and removes the pid file that it left behind.
 * The folder's lock is ours, so it can only be a leftover: of a start that was killed, or backends that outlived their
 * postmaster. Postgres itself only looks whether *some* process has the pid in that file.
 */
export async function clearLeftovers(dataDir: string): Promise<void> {
  const left = await processesIn(await realpath(dataDir), "postgres");
  const postmaster = Number.parseInt(await readPidFile(dataDir), 10);
  for (const identity of left) {
    // Backends end with their postmaster; SIGINT to them would only cancel a query.
    if (identity.pid === postmaster) await signalProcess(identity, "SIGINT");
  }
  const orphaned = !left.some((identity) => identity.pid === postmaster);
  if (left.length > 0 && (orphaned || !(await waitForEnd(left, fastStopLimitMs)))) {
    for (const identity of left) await signalProcess(identity, "SIGKILL");
    await waitForEnd(left, fastStopLimitMs);
  }
  await rm(join(dataDir, "postmaster.pid"), { force: true });
}

/** The file `postmaster.pid` of a data folder; empty where there is none. */
async function readPidFile(dataDir: string): Promise<string> {
  return readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => "");
}

/** True once the postmaster with that pid takes connections; the file's eighth line is what pg_ctl goes by. */
export async function isReady(dataDir: string, pid: number): Promise<boolean> {
  const lines = (await readPidFile(dataDir)).split("\n");
  return lines[0] === String(pid) && lines[7]?.trim() === "ready";
}

/** The port of the Postgres that works on this data folder now; undefined where none does. */
export async function runningPort(dataDir: string): Promise<number | undefined> {
  const [pid, , , port] = (await readPidFile(dataDir)).split("\n");
  if (!(await isReady(dataDir, Number(pid)))) return undefined;
  const running = await processesIn(await realpath(dataDir), "postgres");
  return running.some((it) => it.pid === Number(pid)) ? Number(port) : undefined;
}

/** What to tell a person about a Postgres that did not come up, from the last lines of its log. */
export async function explainFailure(
  dataDir: string,
  logFile: string,
  lastLines: readonly string[],
  cause?: unknown,
): Promise<Failure> {
  const said = lastLines.join("\n");
  const free = await statfs(dataDir).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  if (/No space left on device/.test(said) || systemCode(cause) === "ENOSPC" || free === 0) {
    return new Failure(
      "disk_full",
      `The disk that holds ${dataDir} is full: free some space and start ASCI again.`,
      { cause },
    );
  }
  if (systemCode(cause) === "28P01") {
    return new Failure(
      "postgres_failed",
      `The database in ${dataDir} does not take the password in the keys folder beside it: put back the keys that belong to it.`,
      { cause },
    );
  }
  return new Failure(
    "postgres_failed",
    `The embedded Postgres did not start: its log ${logFile} ends with\n${said || "nothing"}`,
    { cause },
  );
}
