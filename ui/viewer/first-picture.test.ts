import { describe, expect, it } from "vitest";
import { createJudgement, judge, type Look } from "./first-picture.ts";

const pixels = (...colours: [number, number, number, number][]) =>
  new Uint8ClampedArray(colours.flat());

describe("judge", () => {
  it("nothing was painted while anything is transparent", () => {
    expect(judge(pixels([0, 0, 0, 0], [0, 0, 0, 0]))).toBe("none");
    expect(judge(pixels([9, 9, 9, 255], [0, 0, 0, 0]))).toBe("none");
  });

  it("one colour is an X server that has only just begun", () => {
    expect(judge(pixels([0, 0, 0, 255], [0, 0, 0, 255]))).toBe("flat");
  });

  it("two colours are a picture", () => {
    expect(judge(pixels([0, 0, 0, 255], [214, 214, 212, 255]))).toBe("picture");
  });
});

describe("createJudgement", () => {
  const flatMs = 3_000;
  const seen = (nowMs: number, look: Partial<Look> = {}): Look => ({
    kind: "picture",
    width: 1440,
    height: 900,
    fits: true,
    print: 1,
    nowMs,
    ...look,
  });

  it("takes a picture of the right size at once", () => {
    expect(createJudgement(flatMs)(seen(0))).toBe(true);
  });

  it("waits while nothing is painted, and for as long as one colour may be a beginning", () => {
    const isReady = createJudgement(flatMs);
    expect(isReady(seen(0, { kind: "none" }))).toBe(false);
    expect(isReady(seen(5_000, { kind: "flat" }))).toBe(false);
    expect(isReady(seen(7_900, { kind: "flat" }))).toBe(false);
    expect(isReady(seen(8_100, { kind: "flat" }))).toBe(true);
  });

  it("waits for its own size, and until the desktop has drawn in it", () => {
    const isReady = createJudgement(flatMs);
    const old = { width: 820, height: 1180, fits: false };
    expect(isReady(seen(0, { ...old, kind: "none" }))).toBe(false);
    expect(isReady(seen(100))).toBe(false);
    expect(isReady(seen(490, { print: 2 }))).toBe(false);
    expect(isReady(seen(880, { print: 2 }))).toBe(false);
    expect(isReady(seen(900, { print: 2 }))).toBe(true);
  });

  it("does not wait for ever for one that moves", () => {
    const isReady = createJudgement(flatMs);
    isReady(seen(0, { width: 820, fits: false }));
    expect(isReady(seen(1_100, { print: 2 }))).toBe(false);
    expect(isReady(seen(1_210, { print: 3 }))).toBe(true);
  });

  it("does not wait at all for one that moves in its own size", () => {
    const isReady = createJudgement(flatMs);
    expect(isReady(seen(0, { kind: "none" }))).toBe(false);
    expect(isReady(seen(10, { print: 2 }))).toBe(true);
  });

  it("shows another size where its own does not come", () => {
    const isReady = createJudgement(flatMs);
    const other = { fits: false };
    expect(isReady(seen(0, other))).toBe(false);
    expect(isReady(seen(1_100, other))).toBe(false);
    expect(isReady(seen(1_210, other))).toBe(true);
  });
});
