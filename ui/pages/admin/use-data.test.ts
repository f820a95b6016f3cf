import { describe, expect, it } from "vitest";
import {
  busyness,
  curvesOf,
  fromOf,
  readUseView,
  timesOf,
  topOf,
  type Series,
} from "./use-data.ts";

const series: Series = {
  key: "1",
  name: "gpu-01",
  capacity: { cpus: 64, memoryBytes: 1000, gpuMemoryBytes: 0 },
  cpus: [0, 32, 64],
  memoryBytes: [100, 100, 250],
  gpuMemoryBytes: [0, 0, 0],
  instances: [0, 1, 2],
};

describe("the view of use over time", () => {
  it("is what the address says", () => {
    expect(readUseView({ by: "gpu", span: "7d", measure: "instances", search: "a" })).toEqual({
      by: "gpu",
      span: "7d",
      measure: "instances",
      search: "a",
    });
  });

  it("takes what it does not know as not said, and what cannot be measured of a subject as well", () => {
    expect(readUseView({ by: "moon", span: "1y", measure: "joy" })).toMatchObject({
      by: "node",
      span: "24h",
      measure: "share",
    });
    expect(readUseView({ by: "beamline", measure: "share" }).measure).toBe("cpus");
  });

  it("goes back from now", () => {
    expect(fromOf("6h", Date.UTC(2026, 10, 22, 12))).toBe("2026-11-22T06:00:00.000Z");
  });
});

describe("curves", () => {
  it("stand at the middle of each step", () => {
    const use = { from: "2026-11-22T00:00:00.000Z", stepMs: 60_000, series: [series] };
    expect(timesOf(use)).toEqual([30, 90, 150].map((s) => Date.UTC(2026, 10, 22, 0, 0, s)));
  });

  it("are shares of what there is, and none of what there is nothing of", () => {
    expect(curvesOf(series, "node", "share")).toEqual([
      { amount: "cpus", values: [0, 0.5, 1], capacity: 1 },
      { amount: "memoryBytes", values: [0.1, 0.1, 0.25], capacity: 1 },
    ]);
  });

  it("are amounts as they are otherwise", () => {
    expect(curvesOf({ ...series, capacity: null }, "beamline", "cpus")).toEqual([
      { amount: "cpus", values: [0, 32, 64], capacity: null },
    ]);
    expect(curvesOf(series, "node", "cpus")[0]?.capacity).toBe(64);
  });

  it("say which series is the busiest", () => {
    expect(busyness(series, "node", "share")).toBe(0.5);
    expect(busyness(series, "node", "instances")).toBe(1);
  });

  it("share a scale that all of them fit in", () => {
    const shares = curvesOf(series, "node", "share");
    expect(topOf(shares, "share")).toBeCloseTo(1.02);
    expect(topOf([{ amount: "cpus", values: [2.5], capacity: 1 }], "share")).toBeGreaterThan(2.5);
    expect(topOf(curvesOf(series, "node", "cpus"), "cpus")).toBeGreaterThan(64);
    expect(topOf([], "cpus")).toBe(1);
  });
});
