/** What an instance takes of a node. */
import { z } from "zod";

const cores = z.number().positive("more than 0").max(10_000);
const bytes = z.int("whole bytes").positive("more than 0").max(Number.MAX_SAFE_INTEGER);

export const sizeFields = {
  cpus: cores,
  memoryBytes: bytes,
  gpus: z.int("a whole number").min(0, "not less than none").max(16, "at most 16"),
  gpuMemoryBytes: bytes.nullable().meta({ description: "of each GPU; null: the whole of it" }),
};
