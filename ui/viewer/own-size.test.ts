import { describe, expect, it } from "vitest";
import { isForeignSize } from "./own-size.ts";

describe("isForeignSize", () => {
  const place = { width: 1440, height: 900 };
  it.each([
    [{ width: 1440, height: 900 }, false],
    [{ width: 1438, height: 899 }, false],
    [{ width: 800, height: 900 }, true],
    [{ width: 1440, height: 500 }, true],
    [{ width: 1920, height: 1080 }, true],
  ])("%j", (picture, expected) => {
    expect(isForeignSize(picture, place)).toBe(expected);
  });
});
