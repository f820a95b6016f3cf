import { describe, expect, it } from "vitest";
import { SignalCounter } from "./signals.ts";

describe("SignalCounter", () => {
  it("takes the echoes of one Ctrl-C for one", () => {
    const counter = new SignalCounter(400);
    expect([0, 1, 30].map((at) => counter.arrived(at))).toEqual([1, 0, 0]);
  });

  it("counts the second time that a person asks", () => {
    const counter = new SignalCounter(400);
    expect([0, 5, 400, 402, 2_000].map((at) => counter.arrived(at))).toEqual([1, 0, 2, 0, 3]);
  });
});
