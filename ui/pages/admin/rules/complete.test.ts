import { describe, expect, it } from "vitest";
import { completionsAt } from "./complete.ts";

const labels = [
  { key: "asci.gpu.model", values: ["a100", "a40", "l4"], nodes: 9 },
  { key: "asci.gpu", values: ["true"], nodes: 9 },
  { key: "maintenance", values: [""], nodes: 1 },
  { key: "zone", values: ["hall-1", "hall-2"], nodes: 14 },
];

/** With `|` where the caret stands; what the text would be with each offer. */
function offers(marked: string): string[] {
  const caret = marked.indexOf("|");
  const text = marked.replace("|", "");
  const { from, to, items } = completionsAt(text, caret, labels);
  return items.map((it) => text.slice(0, from) + it.insert + text.slice(to));
}

describe("completionsAt", () => {
  it.each([
    ["|", ["asci.gpu.model", "asci.gpu", "maintenance", "zone"]],
    ["zo|", ["zone"]],
    ["GPU|", ["asci.gpu.model", "asci.gpu"]],
    ["zone=hall-1,ma|", ["zone=hall-1,maintenance"]],
    ["!ma|", ["!maintenance"]],
    ["zone|", ["zone=", "zone!=", "zone in (", "zone notin ("]],
    ["zone |", ["zone =", "zone !=", "zone in (", "zone notin ("]],
    ["zone no|", ["zone notin ("]],
    ["zone=|", ["zone=hall-1", "zone=hall-2"]],
    ["zone!=2|", ["zone!=hall-2"]],
    ["zone==hall-1|", []],
    ["zone in (|", ["zone in (hall-1", "zone in (hall-2"]],
    ["zone in (hall-1,|", ["zone in (hall-1,hall-2"]],
    [
      "asci.gpu.model in (a|), zone",
      ["asci.gpu.model in (a100), zone", "asci.gpu.model in (a40), zone"],
    ],
    ["zone in (hall-1)|", []],
    ["unknown=|", []],
    ["asci.|model", ["asci.gpu.model", "asci.gpu"]],
  ])("%s", (marked, expected) => {
    expect(offers(marked)).toEqual(expected);
  });

  it("offers what a key goes on with beside the longer keys that begin with it", () => {
    expect(offers("asci.gpu|")).toEqual([
      "asci.gpu=",
      "asci.gpu!=",
      "asci.gpu in (",
      "asci.gpu notin (",
      "asci.gpu.model",
    ]);
  });
});
