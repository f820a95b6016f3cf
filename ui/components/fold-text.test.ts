import { expect, it } from "vitest";
import { foldText, searchWords } from "./fold-text.ts";

it.each([
  ["Röntgen", "rontgen"],
  ["KOVAČ", "kovac"],
  ["Straße", "strasse"],
  ["Łódź, Ærø", "lodz, aero"],
  ["ﬁ 12.658 keV", "ﬁ 12.658 kev"],
])("%s is searched as %s", (text, folded) => {
  expect(foldText(text)).toBe(folded);
});

it("a search that says nothing has no words", () => {
  expect([searchWords("  "), searchWords(" Tomo  IMBL ")]).toEqual([[], ["tomo", "imbl"]]);
});
