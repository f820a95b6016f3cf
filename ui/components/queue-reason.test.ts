import { describe, expect, it } from "vitest";
import { countsText, gatheredText } from "../../scheduler/explain.ts";
import { queueFigures } from "./queue-reason.ts";

describe("queueFigures", () => {
  it("knows every phrase that the scheduler writes", () => {
    const refused = { ready: 1, schedulable: 2, cpus: 3, memory: 4 };
    expect(queueFigures(countsText(10, refused))).toBe(
      "10 nodes: 1 not ready, 2 taking nothing new, 3 without enough free CPU, 4 without enough free memory.",
    );
    expect(queueFigures(countsText(1, { cpus: 1 }))).toBe("1 node: 1 without enough free CPU.");
    expect(queueFigures(gatheredText(countsText(2, { cpus: 1, gathered: 1 }), "gpu-04"))).toBe(
      "2 nodes: 1 without enough free CPU, 1 with the rest kept for somebody who has waited longer. Room is gathered for it on gpu-04.",
    );
  });

  it.each(["", "no node is registered yet", "3 nodes: 1 on the moon", "some words"])(
    "leaves %j to others",
    (text) => {
      expect(queueFigures(text)).toBeNull();
    },
  );
});
