/** What the engine's errors mean. */
import { FirewallError } from "../firewall-rules.ts";
import { RuntimeError } from "./runtime.ts";

export interface EngineFault {
  readonly statusCode?: number;
  readonly code?: string;
  readonly json?: { message?: string };
  readonly message?: string;
}

/** What engines, CDI and NVIDIA's toolkit say where a GPU is not to be had. */
const noGpu =
  /could not select device driver|unresolvable CDI devices|CDI device injection|nvidia-container-cli|NVIDIA_VISIBLE_DEVICES/i;

/** Tells the engine's errors apart by status, and where it gives none better, by its words. */
export function toRuntimeError(error: unknown): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (error instanceof FirewallError)
    return new RuntimeError("isolation_missing", error.message, { cause: error });
  const fault = error as EngineFault;
  const words = fault.json?.message ?? fault.message ?? String(error);
  const options = { cause: error };
  if (fault.statusCode === undefined && /^E(CONN|NOENT|ACCES|PIPE|TIMEDOUT)/.test(fault.code ?? ""))
    return new RuntimeError(
      "engine_unreachable",
      `The engine does not answer (${fault.code}).`,
      options,
    );
  if (/no space left on device|disk quota exceeded/i.test(words))
    return new RuntimeError("disk_full", "The node's disk is full.", options);
  if (noGpu.test(words))
    return new RuntimeError(
      "gpu_unavailable",
      `The engine cannot hand on the GPU: ${words}`,
      options,
    );
  if (fault.statusCode === 404 && /no such image/i.test(words))
    return new RuntimeError("image_missing", "The image is not on this node.", options);
  if (fault.statusCode === 404) return new RuntimeError("not_found", words, options);
  if (fault.statusCode === 409 && /already in use/i.test(words))
    return new RuntimeError("name_taken", words, options);
  return new RuntimeError("engine_error", words, options);
}

export async function guarded<T>(attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    throw toRuntimeError(error);
  }
}

/** For calls that mean the same when repeated: 304 (already so) and 404 (gone) are what we wanted. */
export async function settled(attempt: Promise<unknown>, done: readonly number[]): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    if (!done.includes((error as EngineFault).statusCode ?? 0)) throw toRuntimeError(error);
  }
}
