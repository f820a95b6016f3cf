import { describe, expect, it } from "vitest";
import { withCauses } from "./causes-reporter.ts";

describe("withCauses", () => {
  it("tells what was behind an error, however deep", () => {
    const cause = new Error("no such node", { cause: { message: "it was removed" } });
    const error = { message: "Failed query", stack: "Error: Failed query\n    at x", cause };
    expect(withCauses(error)).toBe(
      "Error: Failed query\n    at x\nbecause: no such node\nbecause: it was removed",
    );
  });

  it("ends where causes go round in a circle, and where there is none", () => {
    const round: { message: string; cause?: unknown } = { message: "round" };
    round.cause = round;
    expect(withCauses(round).split("\n")).toHaveLength(6);
    expect(withCauses({ message: "alone", cause: "a word" })).toBe("alone");
  });
});
