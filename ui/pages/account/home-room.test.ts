import { describe, expect, it } from "vitest";
import { isLow, usedShare } from "./home-room.ts";

const gib = 1024 ** 3;

describe("room in a home", () => {
  it.each([
    [{ totalBytes: 10 * gib, freeBytes: 10 * gib }, 0],
    [{ totalBytes: 10 * gib, freeBytes: 2.5 * gib }, 0.75],
    [{ totalBytes: 10 * gib, freeBytes: 0 }, 1],
    [{ totalBytes: 0, freeBytes: 0 }, 1],
  ])("%j is used by %d", (room, used) => {
    expect(usedShare(room)).toBe(used);
  });

  it.each([
    ["a twentieth of little", { totalBytes: 10 * gib, freeBytes: 0.4 * gib }, true],
    ["a small share that is much", { totalBytes: 1000 * gib, freeBytes: 10 * gib }, false],
    ["most of a small quota", { totalBytes: 0.5 * gib, freeBytes: 0.3 * gib }, false],
    ["nothing", { totalBytes: 10 * gib, freeBytes: 0 }, true],
  ])("%s is low: %j", (_name, room, low) => {
    expect(isLow(room)).toBe(low);
  });
});
