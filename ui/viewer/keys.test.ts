import { describe, expect, it } from "vitest";
import { characterKey, diffText, functionKey, namedKeys } from "./keys.ts";

describe("characterKey", () => {
  it.each([
    ["a", 0x61],
    ["~", 0x7e],
    ["ä", 0xe4],
    ["€", 0x0100_20ac],
    ["😀", 0x0101_f600],
    ["\n", namedKeys.Enter.keysym],
    ["\t", namedKeys.Tab.keysym],
    ["\u0085", 0x0100_0085],
  ])("%j", (character, keysym) => {
    expect(characterKey(character).keysym).toBe(keysym);
  });
});

describe("functionKey", () => {
  it("covers F1 to F12", () => {
    expect(functionKey(1)).toEqual({ keysym: 0xffbe, code: "F1" });
    expect(functionKey(12)).toEqual({ keysym: 0xffc9, code: "F12" });
  });
});

describe("diffText", () => {
  it.each([
    ["", "a", 0, "a"],
    ["ab", "abc", 0, "c"],
    ["abc", "ab", 1, ""],
    ["teh", "the", 2, "he"],
    ["a😀", "a", 1, ""],
    ["same", "same", 0, ""],
    ["gone", "", 4, ""],
  ])("%j → %j", (before, after, erase, insert) => {
    expect(diffText(before, after)).toEqual({ erase, insert });
  });
});
