/** How GPUs come into containers: by CDI or by NVIDIA's own way, whichever the engine has. Pure. */
import type { DeviceRequest } from "dockerode";
import { RuntimeError } from "./runtime.ts";

/** What of the engine's description says how it hands on GPUs. */
export interface GpuAbilities {
  /** Of engines with the NVIDIA container toolkit: has `nvidia`. */
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  /** Where descriptions of devices lie; none where CDI is off. From API 1.44 on. */
  readonly CDISpecDirs?: readonly string[] | null;
  /** What those describe, from API 1.50 on; others do not say. */
  readonly DiscoveredDevices?: readonly { readonly Source?: string; readonly ID?: string }[] | null;
}

const cdiName = (uuid: string) => `nvidia.com/gpu=${uuid}`;

const byCdi = (uuids: readonly string[]): DeviceRequest[] => [
  { Driver: "cdi", DeviceIDs: uuids.map(cdiName) },
];
const byNvidia = (uuids: readonly string[]): DeviceRequest[] => [
  { Driver: "nvidia", DeviceIDs: [...uuids], Capabilities: [["gpu"]] },
];

/**
 * CDI where the engine knows these very devices, else the NVIDIA runtime, else CDI where the engine
 * does not tell what it knows.
 *
 * @param uuids at least one
 * @throws RuntimeError `gpu_unavailable`, with what to do
 */
export function gpuRequests(engine: GpuAbilities, uuids: readonly string[]): DeviceRequest[] {
  const known = engine.DiscoveredDevices?.flatMap(({ ID }) => ID ?? []) ?? [];
  const unknown = uuids.filter((it) => !known.includes(cdiName(it)));
  if (unknown.length === 0) return byCdi(uuids);
  if (engine.Runtimes && Object.hasOwn(engine.Runtimes, "nvidia")) return byNvidia(uuids);
  const speaksCdi = (engine.CDISpecDirs?.length ?? 0) > 0;
  if (speaksCdi && !engine.DiscoveredDevices) return byCdi(uuids);
  throw new RuntimeError(
    "gpu_unavailable",
    known.some((it) => it.startsWith("nvidia.com/gpu="))
      ? `The node's engine knows no device ${unknown.map(cdiName).join(", ")}: describe its GPUs by UUID (nvidia-ctk cdi generate --device-name-strategy=uuid).`
      : "The node's engine cannot hand on GPUs: install the NVIDIA container toolkit there, and have it configure the engine (nvidia-ctk runtime configure).",
  );
}

/**
 * Images that are made for GPUs ask for all of them by a variable of their own, and a runtime that goes
 * by it would give them what they were not given here. The driver's request brings its own.
 */
export function gpuEnv(requests: readonly DeviceRequest[]): Record<string, string> {
  return requests.some((it) => it.Driver === "nvidia") ? {} : { NVIDIA_VISIBLE_DEVICES: "void" };
}
