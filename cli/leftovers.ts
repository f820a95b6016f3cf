import { isAlive, signalProcess, waitForEnd } from "./process-identity.ts";
import type { State } from "./state-file.ts";

const limitMs = 5_000;

/**
 * Ends parts that outlived a supervisor that was killed: they are ending by themselves, but a gateway that lets its
 * connections drain still holds the port. Call it under the data folder's lock.
 */
export async function endLeftoverParts(state: State | undefined): Promise<void> {
  const parts = Object.values(state?.parts ?? {});
  for (const part of parts) if (await isAlive(part)) await signalProcess(part, "SIGKILL");
  await waitForEnd(parts, limitMs);
}
