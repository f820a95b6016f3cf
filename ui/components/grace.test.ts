import { createRoot } from "solid-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createGrace, type Grace } from "./grace.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function rooted(seconds: number, act: () => void): { grace: Grace; dispose: () => void } {
  return createRoot((dispose) => ({ grace: createGrace(seconds, act), dispose }));
}

describe("a grace period", () => {
  it("counts down and then acts once", () => {
    const act = vi.fn();
    const { grace } = rooted(3, act);
    grace.begin();
    grace.begin();
    const seen = [];
    for (let n = 0; n < 3; n++) {
      seen.push(grace.secondsLeft());
      vi.advanceTimersByTime(1000);
    }
    vi.advanceTimersByTime(10_000);
    expect(seen).toEqual([3, 2, 1]);
    expect(grace.secondsLeft()).toBeNull();
    expect(act).toHaveBeenCalledTimes(1);
  });

  it("does nothing after an undo, and can begin again", () => {
    const act = vi.fn();
    const { grace } = rooted(3, act);
    grace.begin();
    vi.advanceTimersByTime(2000);
    grace.undo();
    vi.advanceTimersByTime(10_000);
    expect(act).not.toHaveBeenCalled();
    grace.begin();
    grace.now();
    expect(act).toHaveBeenCalledTimes(1);
  });

  it("acts when what shows it goes away", () => {
    const act = vi.fn();
    const { grace, dispose } = rooted(3, act);
    grace.begin();
    dispose();
    expect(act).toHaveBeenCalledTimes(1);
  });
});
