/** What a node is and has: seen on the machine, less what its settings keep back, with the labels they add. */
import { createHash } from "node:crypto";
import { readFile, statfs } from "node:fs/promises";
import { gpusKeptMinutes, type ReportedGpu } from "../db/node-gpus.ts";
import type { NodeReport } from "../db/nodes.ts";
import { findGpus, gpuLabels, type FoundGpu, type GpuLook } from "./gpus.ts";
import { labelValueOf } from "./node-labels.ts";
import type { NodeSettings } from "./node-settings.ts";
import type { Reason } from "./plan.ts";
import type { EngineReport, Runtime } from "./runtimes/runtime.ts";

export interface NodeLook {
  readonly report: NodeReport & { readonly machineId: string };
  /** Undefined: what was seen before stays; the report's labels speak of that. */
  readonly gpus: readonly ReportedGpu[] | undefined;
  /** What is amiss though the node works. */
  readonly fault: Reason | undefined;
}

const bootFile = "/proc/sys/kernel/random/boot_id";
const machineFile = "/etc/machine-id";

/**
 * Which machine this is, as nobody else can compute it. The kernel's boot keeps machines apart that
 * were copied from one another; the engine those that share a kernel. Engines of one host may share
 * their id, but never the folder of their data.
 */
async function machineIdOf(
  installationId: string,
  { engineId, dataRoot }: EngineReport,
): Promise<string> {
  const [boot, machine] = await Promise.all(
    [bootFile, machineFile].map((it) => readFile(it, "utf8").catch(() => "")),
  );
  const parts = [installationId, boot?.trim(), machine?.trim(), engineId, dataRoot];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 32);
}

/** @returns null where the folder is not on this host */
async function diskOf(path: string): Promise<NonNullable<NodeReport["disk"]> | null> {
  if (path === "") return null;
  return statfs(path).then(
    ({ bsize, blocks, bavail }) => ({ totalBytes: blocks * bsize, freeBytes: bavail * bsize }),
    () => null,
  );
}

/** At most what the machine has: a setting keeps some of it back, it makes no more of it. */
function offered(seen: number, wished: number | undefined): number {
  return wished === undefined ? seen : Math.min(seen, wished);
}

function withSlots(
  gpus: readonly (FoundGpu & { readonly slots?: number | undefined })[],
  slots: number,
): ReportedGpu[] {
  return gpus.map(({ uuid, model, memoryBytes, slots: own }) => ({
    uuid,
    model,
    memoryBytes,
    slots: own ?? slots,
  }));
}

export interface GpuSources {
  /** What the node was seen to have a short while ago. */
  known(): Promise<readonly FoundGpu[]>;
  /** Default: NVIDIA's tool. */
  find?(): Promise<GpuLook>;
}

/**
 * A tool that is slow once, or broken for a while, takes no GPUs away. One that stays so does: what a
 * node cannot use would draw the starts that others could serve.
 */
async function lookForGpus({ known, find = findGpus }: GpuSources) {
  const { gpus, fault } = await find();
  if (gpus) return { gpus, fault, kept: false };
  const before = await known();
  if (before.length === 0) return { gpus: before, fault, kept: false };
  const words = `the node keeps those that it had, for ${gpusKeptMinutes} minutes at most`;
  return {
    gpus: before,
    fault: fault && { ...fault, text: `${fault.text}; ${words}` },
    kept: true,
  };
}

function labelsOf(engine: EngineReport, gpus: readonly FoundGpu[], settings: NodeSettings) {
  const seen = { ...engine.labels, ...gpuLabels(gpus) };
  const valid = Object.entries(seen).map(([key, value]) => [key, labelValueOf(value)] as const);
  return { ...Object.fromEntries(valid), ...settings.ASCI_NODE_LABELS };
}

/**
 * Looks at the machine. GPUs that settings declare are taken as they are declared; the tool is not asked.
 * @throws RuntimeError where the engine does not answer
 */
export async function lookAtNode(
  runtime: Pick<Runtime, "report">,
  settings: NodeSettings,
  installationId: string,
  sources: GpuSources,
): Promise<NodeLook> {
  const declared = settings.ASCI_NODE_GPUS;
  const [engine, found] = await Promise.all([
    runtime.report(),
    declared ? { gpus: declared, fault: undefined, kept: false } : lookForGpus(sources),
  ]);
  const [machineId, disk] = await Promise.all([
    machineIdOf(installationId, engine),
    diskOf(engine.dataRoot),
  ]);
  return {
    report: {
      cpus: offered(engine.cpus, settings.ASCI_NODE_CPUS),
      memoryBytes: offered(engine.memoryBytes, settings.ASCI_NODE_MEMORY),
      labels: labelsOf(engine, found.gpus, settings),
      machineId,
      disk,
    },
    gpus: found.kept ? undefined : withSlots(found.gpus, settings.ASCI_GPU_SLOTS ?? 1),
    fault: found.fault,
  };
}
