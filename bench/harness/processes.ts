import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Clock ticks per second in /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** A child process that serves one side of a measurement. */
export interface Side {
  readonly child: ChildProcess;
  /** User and system time so far, in seconds. */
  cpuSeconds(): number;
  /** Sends a message and waits for the child's next. */
  ask(message: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts `entry` (a file beside this one) with `args`; resolves when it said it is ready. */
export async function startSide(entry: string, ...args: string[]): Promise<Side> {
  const path = fileURLToPath(new URL(entry, import.meta.url));
  const child = fork(path, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const next = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`${entry} ended with ${code}`)));
    });
  await next();
  return {
    child,
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    ask: (message) => {
      const answer = next();
      child.send(message as object);
      return answer;
    },
    stop: () => stopChild(child),
  };
}

/** Ends a child and waits for it. */
export function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/** User and system time of one process, its own threads included, in seconds. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second field is a name in parentheses and may hold blanks.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/**
 * Of several processes, as far as they still live: helpers come and go.
 * @returns what they have taken since, in seconds, of those that live then
 */
export function watchCpu(pids: readonly number[]): () => number {
  const taken = (): Map<number, number> =>
    new Map(
      pids.flatMap((pid) => (existsSync(`/proc/${pid}/stat`) ? [[pid, cpuSeconds(pid)]] : [])),
    );
  const before = taken();
  return () =>
    [...taken()].reduce((sum, [pid, seconds]) => sum + seconds - (before.get(pid) ?? 0), 0);
}

/** Resident memory of one process, in bytes. */
export function residentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1];
  return Number(pages) * 4096;
}

/** The ids of a process's children, and theirs. */
export function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1")
    .split(" ")
    .filter((text) => text !== "")
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}
