import { z } from "zod";

const warningLevel = 40;

const recordSchema = z.object({
  level: z.number(),
  msg: z.string().optional(),
  err: z.object({ message: z.string().optional() }).optional(),
});

/**
 * A pino record of level warning or above as a person reads it; undefined for all else.
 * @param line one line of a part's output
 */
export function readableLine(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  const record = parse(line);
  if (record === undefined || record.level < warningLevel) return undefined;
  const message = record.msg ?? "";
  const cause = record.err?.message ?? "";
  const parts = [message, message.includes(cause) ? "" : cause].filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join(": ");
}

function parse(line: string): z.infer<typeof recordSchema> | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
