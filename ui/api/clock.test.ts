import { describe, expect, it } from "vitest";
import { correctionMs, observeDate, unknownSkew } from "./clock.ts";

describe("the server's clock", () => {
  it("is not doubted where the answers fit this computer's time", () => {
    expect(correctionMs(unknownSkew)).toBe(0);
    expect(correctionMs(observeDate(unknownSkew, 10_000, 10_300, 10_320))).toBe(0);
  });

  it("corrects a computer that is an hour ahead, to within half a second", () => {
    const skew = observeDate(unknownSkew, 10_000, 3_610_600, 3_610_620);
    expect(Math.abs(correctionMs(skew) - 3_600_000)).toBeLessThanOrEqual(510);
  });

  it("narrows with every answer", () => {
    let skew = observeDate(unknownSkew, 10_000, 15_100, 15_120);
    const first = skew.highMs - skew.lowMs;
    skew = observeDate(skew, 11_000, 15_950, 15_960);
    expect(skew.highMs - skew.lowMs).toBeLessThan(first);
    expect(correctionMs(skew)).toBeGreaterThan(4_000);
    expect(correctionMs(skew)).toBeLessThan(5_000);
  });

  it("starts anew when a clock was set", () => {
    const before = observeDate(unknownSkew, 10_000, 3_610_600, 3_610_620);
    expect(correctionMs(observeDate(before, 20_000, 20_500, 20_510))).toBe(0);
  });
});
