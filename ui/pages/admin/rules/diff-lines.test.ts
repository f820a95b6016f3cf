import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines } from "./diff-lines.ts";

const marks = { same: " ", gone: "-", new: "+" } as const;
const shown = (before: string, after: string): string[] =>
  diffLines(before, after).map((it) => marks[it.kind] + it.text);

describe("diffLines", () => {
  it("says what went and what came, and keeps the rest", () => {
    expect(shown("a\nb\nc", "a\nx\nc\nd")).toEqual([" a", "-b", "+x", " c", "+d"]);
    expect(shown("a", "a")).toEqual([" a"]);
  });

  it("has all of both texts in it, in order", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const lines = diffLines(a.join("\n"), b.join("\n"));
        const of = (other: string) => lines.filter((it) => it.kind !== other).map((it) => it.text);
        expect(of("new")).toEqual(a);
        expect(of("gone")).toEqual(b);
      }),
    );
  });
});
