import { describe, expect, it } from "vitest";
import { Backoff, partBackoff } from "./backoff.ts";

describe("Backoff", () => {
  it("starts again within a second, then doubles the wait up to half a minute", () => {
    const backoff = new Backoff(partBackoff);
    const waits = Array.from({ length: 9 }, () => backoff.afterDeath(10));
    expect(waits).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("starts anew after a life of half a minute", () => {
    const backoff = new Backoff(partBackoff);
    for (let death = 0; death < 5; death++) backoff.afterDeath(29_999);
    expect(backoff.afterDeath(30_000)).toBe(0);
    expect(backoff.afterDeath(0)).toBe(1_000);
  });
});
