import { describe, expect, it } from "vitest";
import { Calm } from "./terminal.ts";

describe("Calm", () => {
  it("says a line once a while", () => {
    const calm = new Calm(60_000);
    expect(calm.isNews("engine lost", 0)).toBe(true);
    expect(calm.isNews("engine lost", 59_999)).toBe(false);
    expect(calm.isNews("disk full", 59_999)).toBe(true);
    expect(calm.isNews("engine lost", 60_000)).toBe(true);
  });
});
