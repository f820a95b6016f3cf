import { describe, expect, it } from "vitest";
import { judge } from "./first-picture.ts";

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
