import type { Instance } from "../../gateway/schemas.ts";

export type StartNews = "placed" | "running" | "failed";

/** Most starts find a place before this: nobody waits for them. */
const waitsMs = 5_000;

/**
 * Finds, among what is heard of instances, the news of those that waited. Once for each: what is heard
 * twice, or out of order, is no news. @param wanted whether somebody asked to be told of it
 */
export function createStartWatch(wanted: (id: string) => boolean) {
  const waiting = new Map<string, "queued" | "starting">();
  return (instance: Instance, nowMs: number): StartNews | null => {
    const { id, state } = instance;
    const before = waiting.get(id);
    switch (state) {
      case "queued":
        if (before === "starting" || isWait(instance, nowMs) || wanted(id))
          waiting.set(id, "queued");
        return null;
      case "starting":
        if (before !== "queued") return null;
        waiting.set(id, "starting");
        return "placed";
      case "running":
        if (!waiting.delete(id)) return null;
        return "running";
      case "failed":
        return waiting.delete(id) ? "failed" : null;
      default:
        waiting.delete(id);
        return null;
    }
  };
}

const isWait = (instance: Instance, nowMs: number): boolean =>
  instance.reason !== null || isLong(instance, nowMs);

/** Whether it has been in the queue for longer than a start takes. `nowMs`: the server's time. */
export function isLong(instance: Instance, nowMs: number): boolean {
  const since = instance.timeline.find((it) => it.phase === "queued")?.at ?? instance.createdAt;
  return nowMs - Date.parse(since) > waitsMs;
}
