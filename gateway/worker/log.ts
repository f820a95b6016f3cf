import type { Logger } from "../log.ts";

function plain(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { type: value.name, message: value.message, stack: value.stack };
}

type Level = "info" | "warn" | "error";

function write(level: Level, fields: Record<string, unknown>, msg: string): void {
  const shown = Object.entries(fields).map(([name, value]) => [name, plain(value)]);
  const line = { level, time: Date.now(), name: "gateway", ...Object.fromEntries(shown), msg };
  console[level](JSON.stringify(line));
}

/** One line of JSON for each message, with pino's names. */
export const workerLog: Logger = {
  info: (fields, message) => write("info", fields, message),
  warn: (fields, message) => write("warn", fields, message),
  error: (fields, message) => write("error", fields, message),
};
