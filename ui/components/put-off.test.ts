import { describe, expect, it } from "vitest";
import { isPutOff, putOffNotice } from "./put-off.ts";

const draining = {
  code: "node_draining",
  text: "gpu-04 is being emptied",
  at: "2026-11-22T10:00:00Z",
};

describe("a notice that is put off", () => {
  it("comes back after its time, and not before", () => {
    putOffNotice("a", draining, 2_000, 1_000);
    expect([1_000, 1_999, 2_000].map((now) => isPutOff("a", draining, now))).toEqual([
      true,
      true,
      false,
    ]);
    expect(isPutOff("b", draining, 1_000)).toBe(false);
  });

  it("hides no other one: another reason or another time is news", () => {
    putOffNotice("c", draining, 2_000, 1_000);
    expect(isPutOff("c", { ...draining, code: "ends_soon" }, 1_500)).toBe(false);
    expect(isPutOff("c", { ...draining, at: "2026-11-22T11:00:00Z" }, 1_500)).toBe(false);
  });

  it("is shown at once when it is asked for again", () => {
    putOffNotice("d", draining, 2_000, 1_000);
    putOffNotice("d", draining, 0, 1_200);
    expect(isPutOff("d", draining, 1_300)).toBe(false);
  });
});
