import { describe, expect, it } from "vitest";
import type { Instance, Phase } from "../../gateway/schemas.ts";
import { computeTimeline } from "./timeline.ts";

const begin = Date.parse("2026-11-22T03:00:00.000Z");
const usual: Record<Phase, number> = {
  queued: 0,
  placed: 20,
  container: 420,
  desktop: 500,
  panel: 900,
};

function timelineOf(reachedMs: Partial<Record<Phase, number>>, known = true): Instance["timeline"] {
  return (["queued", "placed", "container", "desktop", "panel"] as const).map((phase) => {
    const ms = reachedMs[phase];
    return {
      phase,
      at: ms === undefined ? null : new Date(begin + ms).toISOString(),
      usualMs: known ? usual[phase] : null,
    };
  });
}

const brief = (reachedMs: Partial<Record<Phase, number>>, nowMs: number) =>
  computeTimeline(timelineOf(reachedMs), begin + nowMs).steps.map((it) => [
    it.phase,
    it.status,
    it.ms,
  ]);

describe("computeTimeline", () => {
  it("ticks in the queue until a node is chosen", () => {
    expect(brief({ queued: 0 }, 2_500)).toEqual([
      ["queued", "active", 2_500],
      ["placed", "pending", null],
      ["container", "pending", null],
      ["desktop", "pending", null],
      ["panel", "pending", null],
    ]);
  });

  it("gives each step its own time", () => {
    expect(brief({ queued: 0, placed: 30, container: 430 }, 600)).toEqual([
      ["queued", "done", 30],
      ["placed", "done", 0],
      ["container", "done", 400],
      ["desktop", "active", 170],
      ["panel", "pending", null],
    ]);
  });

  it("stands still when all is there", () => {
    const all = { queued: 0, placed: 30, container: 430, desktop: 510, panel: 900 };
    const timeline = computeTimeline(timelineOf(all), begin + 60_000);
    expect(timeline.steps.every((it) => it.status === "done")).toBe(true);
    expect(timeline.steps.at(-1)?.ms).toBe(390);
    expect(timeline.totalMs).toBe(900);
    expect(timeline.late).toBe(false);
  });

  it("turns what is usual since the wish into what is usual of each step", () => {
    const { steps, usualTotalMs } = computeTimeline(timelineOf({ queued: 0 }), begin);
    expect(steps.map((it) => it.usualMs)).toEqual([20, 0, 400, 80, 400]);
    expect(usualTotalMs).toBe(900);
  });

  it("says nothing of the usual without history", () => {
    const { steps, usualTotalMs } = computeTimeline(timelineOf({ queued: 0 }, false), begin);
    expect(steps.map((it) => it.usualMs)).toEqual([null, null, null, null, null]);
    expect(usualTotalMs).toBeNull();
  });

  it("does not tick after an end", () => {
    const timeline = computeTimeline(timelineOf({ queued: 0, placed: 30 }), begin + 60_000, {
      ended: true,
    });
    expect(timeline.steps.map((it) => it.status)).toEqual([
      "done",
      "done",
      "pending",
      "pending",
      "pending",
    ]);
    expect(timeline.totalMs).toBe(30);
  });

  it("calls a step late only well beyond the usual, and a queue never", () => {
    expect(computeTimeline(timelineOf({ queued: 0 }), begin + 600_000).late).toBe(false);
    expect(computeTimeline(timelineOf({ queued: 0, placed: 30 }), begin + 3_000).late).toBe(false);
    expect(computeTimeline(timelineOf({ queued: 0, placed: 30 }), begin + 7_000).late).toBe(true);
  });

  it("never shows a negative time when the clocks disagree", () => {
    expect(brief({ queued: 0 }, -400)[0]).toEqual(["queued", "active", 0]);
  });

  it("copes with an empty timeline", () => {
    expect(computeTimeline([], begin).steps.map((it) => it.status)).toEqual([
      "pending",
      "pending",
      "pending",
      "pending",
      "pending",
    ]);
  });
});
