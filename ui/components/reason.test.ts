import { describe, expect, it } from "vitest";
import { reasonText, sentence } from "./reason.ts";

describe("reasonText", () => {
  it.each([
    ["stopped_by_person", "stopped by its owner", "Stopped by you."],
    [
      "no_capacity",
      "3 nodes: 3 without enough free memory",
      "No node has room just now. 3 nodes: 3 without enough free memory.",
    ],
    ["something_new", "the moon was in the way", "The moon was in the way."],
  ])("%s", (code, text, expected) => {
    expect(reasonText({ code, text })).toBe(expected);
  });
});

describe("sentence", () => {
  it.each([
    ["", ""],
    ["it ended", "It ended."],
    ["It ended!", "It ended!"],
    ["ähnlich", "Ähnlich."],
  ])("%j → %j", (text, expected) => {
    expect(sentence(text)).toBe(expected);
  });
});
