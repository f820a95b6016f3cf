import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selectorFault, selectorFaultWords } from "./selector-fault.ts";

const wordsOf = (text: string) => {
  const fault = selectorFault(text);
  return fault === null ? null : selectorFaultWords(fault);
};

describe("selectorFaultWords", () => {
  it.each([
    ["a=b$c", "cannotStand"],
    [`a=${"x".repeat(64)}`, "tooLong"],
    ["a=b-", "edges"],
    ["A/b", "domain"],
    [`${"d".repeat(254)}/b`, "tooLong"],
    ["a/", "nameAfter"],
    ["a,", "nameAfter"],
    ["=b", "name"],
    ["a=", "valueAfter"],
    ["a in b", "parenthesis"],
    ["a in (b", "listGoesOn"],
    ["a b", "operator"],
    ["a=b c", "commaOrEnd"],
  ])("%s", (text, code) => {
    expect(wordsOf(text)?.code).toBe(code);
  });

  it("knows every fault that the parser finds, and where it is", () => {
    const tokens = fc.constantFrom(
      "a",
      "gpu",
      "in",
      "notin",
      "=",
      "==",
      "!=",
      "!",
      ",",
      "(",
      ")",
      " ",
      "/",
      "-",
      "ä",
      "$",
      "<",
      "x/y",
      "X/y",
      "",
    );
    const text = fc
      .array(fc.oneof(tokens, fc.string({ maxLength: 4 })), { maxLength: 10 })
      .map((it) => it.join(""));
    fc.assert(
      fc.property(text, (it) => {
        const fault = selectorFault(it);
        if (fault === null) return;
        expect({ message: fault.message, words: selectorFaultWords(fault) }).not.toMatchObject({
          words: null,
        });
        expect(fault.at).toBeGreaterThanOrEqual(0);
        expect(fault.end).toBeLessThanOrEqual(it.length);
        expect(fault.at).toBeLessThan(fault.end);
      }),
      { numRuns: 2000 },
    );
  });
});
