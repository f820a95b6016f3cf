import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonFault, placeOf, readJson, writeJson, type JsonNode } from "./json-text.ts";

function plain(node: JsonNode): unknown {
  switch (node.kind) {
    case "object":
      return Object.fromEntries(node.members.map((it) => [it.key, plain(it.value)]));
    case "array":
      return node.items.map(plain);
    case "null":
      return null;
    default:
      return node.value;
  }
}

function faultOf(text: string): unknown {
  try {
    return plain(readJson(text));
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return [error.code, error.at, error.what];
  }
}

describe("readJson", () => {
  it("reads what JSON.parse reads, as it does", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        // A key that stands twice is no fault to JSON.parse; writing removes it.
        const once = JSON.stringify(JSON.parse(text));
        expect(JSON.stringify(plain(readJson(once)))).toBe(once);
      }),
    );
  });

  it("refuses what JSON.parse refuses, at a place within the text", () => {
    const near = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom(...'{}[]",:\\ \nnt0e-.'))
      .map(
        ([text, at, char]) =>
          text.slice(0, at % (text.length + 1)) + char + text.slice(at % (text.length + 1)),
      );
    fc.assert(
      fc.property(near, (text) => {
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        try {
          readJson(text);
          expect(parses).toBe(true);
        } catch (error) {
          if (!(error instanceof JsonFault)) throw error;
          if (error.code !== "twice") expect(parses).toBe(false);
          expect(error.at).toBeGreaterThanOrEqual(0);
          expect(error.at).toBeLessThanOrEqual(text.length);
          expect(error.end).toBeGreaterThanOrEqual(error.at);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["", ["badWord", 0, ""]],
    ['{"a": 1', ["expected", 7, "}"]],
    ['{"a" 1}', ["expected", 5, ":"]],
    ['{"a": 1,}', ["expected", 8, '"']],
    ["{a: 1}", ["expected", 1, '"']],
    ["[1 2]", ["expected", 3, "]"]],
    ['"open', ["unclosedText", 0, ""]],
    ['"\\x"', ["badEscape", 1, "\\x"]],
    ["01", ["badNumber", 0, "01"]],
    ["1.", ["badNumber", 0, "1."]],
    ["yes", ["badWord", 0, "yes"]],
    ["{} more", ["trailing", 3, "m"]],
    ['{"a": 1, "a": 2}', ["twice", 9, "a"]],
    ["[".repeat(30), ["tooDeep", 21, ""]],
  ])("%s", (text, expected) => {
    expect(faultOf(text)).toEqual(expected);
  });

  it("knows where each character of a text stands, escapes and all", () => {
    const text = String.raw`  "a\n\u00e4b"`;
    const node = readJson(text);
    expect(node).toMatchObject({ value: "a\näb", places: [3, 4, 6, 12, 13] });
  });
});

describe("writeJson", () => {
  it("writes what reads back as the same", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(JSON.stringify(plain(readJson(writeJson(value))))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("keeps short things in a line and leaves out what is undefined", () => {
    const value = {
      when: { environment: ["tomography"], role: "user", kind: undefined },
      then: { require: "asci.gpu.model in (a40,a100)", limits: { perPerson: 2 }, dedicate: true },
    };
    expect(writeJson(value)).toBe(`{
  "when": { "environment": ["tomography"], "role": "user" },
  "then": {
    "require": "asci.gpu.model in (a40,a100)",
    "limits": { "perPerson": 2 },
    "dedicate": true
  }
}`);
  });
});

describe("placeOf", () => {
  it.each([
    ["", 0, 1, 1],
    ["ab", 2, 1, 3],
    ["ab\nc", 3, 2, 1],
    ["ab\nc", 4, 2, 2],
  ])("%j at %i", (text, at, line, column) => {
    expect(placeOf(text, at)).toEqual({ line, column });
  });
});
