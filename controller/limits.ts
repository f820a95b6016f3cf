/** What one desktop may take of its node at most, so that its neighbours and the node go on. */
import { readFile } from "node:fs/promises";

/** Numbers that processes and threads of the whole host share. */
export interface KernelLimits {
  readonly pidMax: number;
  readonly threadsMax: number;
}

export interface DesktopLimits {
  /** Processes and threads. */
  readonly pids: number;
  /** Cores of the node: none may be given more. */
  readonly nodeCpus: number;
  /** Cores where the environment names no limit. */
  readonly cpus: number;
}

/** A desktop with its panel, a file manager and a terminal; less is hardly one. */
const smallestDesktopBytes = 512 * 1024 ** 2;
/** A desktop with a browser in it has some 500 threads. */
const fewestPids = 1024;
const mostPids = 4096;
/** The engine's own range for cores begins here. */
const fewestCpus = 0.01;

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/**
 * Limits from the node's size: all its desktops together get half of the kernel's process numbers, and
 * one alone leaves an eighth of the cores, a quarter to two, to the node.
 */
export function desktopLimits(
  node: { readonly cpus: number; readonly memoryBytes: number },
  kernel: KernelLimits,
): DesktopLimits {
  const desktops = Math.max(1, Math.floor(node.memoryBytes / smallestDesktopBytes));
  const share = (0.5 * Math.min(kernel.pidMax, kernel.threadsMax)) / desktops;
  return {
    pids: clamp(Math.floor(share), fewestPids, mostPids),
    nodeCpus: node.cpus,
    cpus: Math.max(fewestCpus, node.cpus - clamp(node.cpus / 8, 0.25, 2)),
  };
}

/**
 * Cores for one desktop. An environment may allow more than this node has, and an engine refuses that.
 * @param wished the environment's limit
 */
export function cpusFor(wished: number | null, limits: DesktopLimits): number {
  return clamp(wished ?? limits.cpus, fewestCpus, limits.nodeCpus);
}

/** The running kernel's (proc(5)). */
export async function readKernelLimits(): Promise<KernelLimits> {
  const [pidMax, threadsMax] = await Promise.all(
    ["pid_max", "threads-max"].map(async (name) =>
      Number(await readFile(`/proc/sys/kernel/${name}`, "utf8")),
    ),
  );
  if (!pidMax || !threadsMax) throw new Error("/proc/sys/kernel does not tell the kernel's limits");
  return { pidMax, threadsMax };
}
