import { describe, expect, it } from "vitest";
import { estimateText } from "./queue-estimate.ts";

const nowMs = Date.parse("2026-11-22T12:00:00.000Z");
const at = (basis: "limit" | "usual" | null, estimate: string | null) =>
  estimateText({ position: 3, estimate, basis }, nowMs);

describe("when a place is expected", () => {
  it("says what that rests on", () => {
    const time = "2026-11-22T12:30:00.000Z";
    expect(at("limit", time)).toMatch(/^about .+, when a limit ends$/);
    expect(at("usual", time)).toMatch(/^about .+, when a place usually becomes free$/);
    expect(at(null, time)).toMatch(/^about [^,]+$/);
  });

  it("names the day where that is not today's", () => {
    expect(at("limit", "2026-11-25T12:30:00.000Z")).toMatch(/25/);
  });

  it("is any moment once the time has come, and nothing where nobody can say", () => {
    expect(at("usual", "2026-11-22T11:59:00.000Z")).toBe("a place is expected any moment");
    expect(at(null, null)).toBeNull();
  });
});
