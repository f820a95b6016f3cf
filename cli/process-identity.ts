import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/**
 * One process for certain: a pid alone may belong to somebody else by now, its start time tells them apart.
 * `startTicks` is field 22 of /proc/PID/stat (proc(5)): clock ticks since boot.
 */
export interface ProcessIdentity {
  pid: number;
  startTicks: string;
}

/** The process that has this pid now; undefined where there is none, or only a zombie. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  // The name in brackets may hold spaces and brackets itself; what follows the last one is regular.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startTicks = fields[19];
  if (startTicks === undefined || (fields[0] === "Z" && !(await hasThreads(pid)))) return undefined;
  return { pid, startTicks };
}

/**
 * A killed process is a zombie as soon as its first thread has ended; until the last one has, its
 * ports and files are open.
 */
async function hasThreads(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  return threads.length > 1;
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.startTicks === identity.startTicks;
}

/** Sends a signal to exactly that process; false where it has ended. */
export async function signalProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
): Promise<boolean> {
  if (!(await isAlive(identity))) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Waits until none of them is alive; false where some still are after `limitMs`. */
export async function waitForEnd(
  identities: readonly ProcessIdentity[],
  limitMs: number,
): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (const identity of identities) {
    while (await isAlive(identity)) {
      if (Date.now() > deadline) return false;
      await delay(10);
    }
  }
  return true;
}

/** Every process of the program `name` (at most 15 characters) whose working directory is `directory`, by /proc. */
export async function processesIn(directory: string, name: string): Promise<ProcessIdentity[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
      if (cwd !== directory) return undefined;
      const comm = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
      return comm.trimEnd() === name ? await identify(pid) : undefined;
    }),
  );
  return found.filter((identity) => identity !== undefined);
}
