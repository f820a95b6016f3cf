import { describe, expect, it } from "vitest";
import type { State } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { createStartWatch } from "./start-watch.ts";

const nowMs = Date.parse("2026-11-22T12:00:00.000Z");

/** What is told of one instance as it goes through these states. `code`: the reason while it waits. */
function newsOf(states: readonly State[], code: string | null, wanted = false, createdAt = nowMs) {
  const watch = createStartWatch(() => wanted);
  return states.map((state) =>
    watch(
      {
        id: "1",
        state,
        reason: state === "queued" && code !== null ? { code, text: "" } : null,
        createdAt: new Date(createdAt).toISOString(),
        timeline: [],
      } as unknown as Instance,
      nowMs,
    ),
  );
}

describe("the news of a start", () => {
  it("are told of what waited: its place, and that it runs", () => {
    expect(newsOf(["queued", "queued", "starting", "running"], "no_capacity")).toEqual([
      null,
      null,
      "placed",
      "running",
    ]);
  });

  it("are none where nobody waited, and each is told once", () => {
    expect(newsOf(["queued", "starting", "running"], null)).toEqual([null, null, null]);
    expect(newsOf(["queued", "starting", "starting", "running", "running"], "reserved")).toEqual([
      null,
      "placed",
      null,
      "running",
      null,
    ]);
    expect(newsOf(["running"], null)).toEqual([null]);
  });

  it("are told of whatever was asked for, or has waited without a reason", () => {
    expect(newsOf(["queued", "running"], null, true)).toEqual([null, "running"]);
    expect(newsOf(["queued", "running"], null, false, nowMs - 6_000)).toEqual([null, "running"]);
  });

  it("are those of its failing as well, and none of its being cancelled", () => {
    expect(newsOf(["queued", "failed"], "no_capacity")).toEqual([null, "failed"]);
    expect(newsOf(["queued", "stopping", "stopped"], "no_capacity")).toEqual([null, null, null]);
    expect(newsOf(["queued", "starting", "failed"], "no_capacity")).toEqual([
      null,
      "placed",
      "failed",
    ]);
  });
});
