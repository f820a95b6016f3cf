import { describe, expect, it } from "vitest";
import { readableLine } from "./readable-line.ts";

describe("readableLine", () => {
  it("gives the words of warnings and errors, with their cause", () => {
    expect(readableLine('{"level":40,"msg":"engine lost"}')).toBe("engine lost");
    const error = { level: 50, msg: "claim failed", err: { message: "connection refused" } };
    expect(readableLine(JSON.stringify(error))).toBe("claim failed: connection refused");
    expect(readableLine('{"level":50,"err":{"message":"boom"},"msg":"boom"}')).toBe("boom");
  });

  it.each([
    '{"level":30,"msg":"listening"}',
    "plain text",
    "{broken",
    '{"level":"50"}',
    '{"level":50}',
  ])("is silent on %s", (line) => expect(readableLine(line)).toBeUndefined());
});
