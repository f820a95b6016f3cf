import { describe, expect, it } from "vitest";
import type { Instance, Phase } from "../../gateway/schemas.ts";
import { unsettledMs } from "./settled.ts";

const beganMs = Date.parse("2026-03-01T10:00:00Z");
const reached = (...phases: Phase[]): Instance =>
  ({
    timeline: (["queued", "placed", "container", "desktop", "panel"] as const).map((phase) => ({
      phase,
      at: phases.includes(phase) ? new Date(beganMs).toISOString() : null,
      usualMs: null,
    })),
  }) as unknown as Instance;

describe("a desktop that runs", () => {
  it("is kept back until its panel is there, and for a second at most", () => {
    const running = reached("queued", "placed", "container", "desktop");
    expect(unsettledMs(running, beganMs)).toBe(1000);
    expect(unsettledMs(running, beganMs + 400)).toBe(600);
    expect(unsettledMs(running, beganMs + 5000)).toBe(0);
  });

  it("is shown with its panel at once", () => {
    expect(unsettledMs(reached("desktop", "panel"), beganMs)).toBe(0);
  });

  it("waits no longer than that for a clock that is wrong", () => {
    expect(unsettledMs(reached("desktop"), beganMs - 3600_000)).toBe(1000);
  });

  it("that is not known to have begun is not kept back", () => {
    expect(unsettledMs(reached("queued"), beganMs)).toBe(0);
  });
});
