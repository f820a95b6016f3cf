import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatSelector,
  matchesSelector,
  parseSelector,
  type Requirement,
  type Selector,
} from "./selector.ts";

const faultOf = (text: string) => {
  const parsed = parseSelector(text);
  return parsed.ok
    ? null
    : { ...parsed.fault, marked: text.slice(parsed.fault.at, parsed.fault.end) };
};
const selects = (text: string, labels: Record<string, string>) => {
  const parsed = parseSelector(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return matchesSelector(parsed.selector, labels);
};

const word = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/);
const key = fc.oneof(
  word,
  fc.constantFrom("in", "notin", "asci.gpu.model"),
  fc
    .tuple(fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?$/), word)
    .map((it) => it.join("/")),
);
const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom("in" as const, "notin" as const),
    values: fc.uniqueArray(fc.oneof(word, fc.constant("in")), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    key,
    operator: fc.constantFrom("exists" as const, "absent" as const),
    values: fc.constant([]),
  }),
);
const selector: fc.Arbitrary<Selector> = fc.array(requirement, { maxLength: 6 });

describe("parseSelector", () => {
  it.each<[string, Selector]>([
    ["", []],
    ["  \n ", []],
    ["gpu=a100", [{ key: "gpu", operator: "in", values: ["a100"] }]],
    ["gpu == a100", [{ key: "gpu", operator: "in", values: ["a100"] }]],
    ["gpu!=a100", [{ key: "gpu", operator: "notin", values: ["a100"] }]],
    [
      "gpu=a100,zone in (b1, b2),!maintenance",
      [
        { key: "gpu", operator: "in", values: ["a100"] },
        { key: "zone", operator: "in", values: ["b1", "b2"] },
        { key: "maintenance", operator: "absent", values: [] },
      ],
    ],
    ["a notin(x,x)", [{ key: "a", operator: "notin", values: ["x"] }]],
    ["asci.org/tier", [{ key: "asci.org/tier", operator: "exists", values: [] }]],
    ["in in (in)", [{ key: "in", operator: "in", values: ["in"] }]],
  ])("reads %j", (text, selector) => {
    expect(parseSelector(text)).toEqual({ ok: true, selector });
  });

  it.each([
    ["gpu=", "expected a value after =", "="],
    ["gpu==,b", "expected a value after ==", ","],
    ["gpu!=(x)", "expected a value after !=", "("],
    [",gpu", "expected a label's name", ","],
    ["gpu,", "expected a label's name after ,", ","],
    ["!", "expected a label's name after !", "!"],
    ["!!a", "expected a label's name after !", "!"],
    ["gpu a100", "expected =, !=, in, notin or , after gpu", "a100"],
    ["gpu > 4", "expected =, !=, in, notin or , after gpu", ">"],
    ["!gpu=4", "expected , or the end", "="],
    ["gpu=a b", "expected , or the end", "b"],
    ["zone in b1", "expected ( after in", "b1"],
    ["zone in ()", "expected a value after (", ")"],
    ["zone in ((b1))", "expected a value after (", "("],
    ["zone in (b1,)", "expected a value after ,", ")"],
    ["zone in (b1 b2)", "expected , or ) after a value", "b2"],
    ["zone notin (b1", "expected , or ) after a value", "b1"],
    [
      "/a",
      "the domain before a label's name has small letters, digits, - and ., a letter or a digit first and last",
      "/",
    ],
    ["a/", "expected a label's name after /", "/"],
    ["a/b/c=d", "/ cannot stand in a label's name: it has letters, digits, -, _ and .", "/"],
    ["größe=4", "ö cannot stand in a label's name: it has letters, digits, -, _ and .", "ö"],
    ["gpu=😀", "😀 cannot stand in a label's value: it has letters, digits, -, _ and .", "😀"],
    ["gpu=-a", "a label's value begins and ends with a letter or a digit", "-"],
    ["gpu=a.", "a label's value begins and ends with a letter or a digit", "."],
    [`gpu=${"x".repeat(64)}`, "a label's value has at most 63 characters", "x"],
    [`${"d".repeat(254)}/a`, "the domain before a label's name has at most 253 characters", "d"],
  ])("points out what is wrong with %j", (text, message, marked) => {
    expect(faultOf(text)).toMatchObject({ message, marked });
  });

  it("reads again what it wrote", () => {
    fc.assert(
      fc.property(selector, (selector) => {
        expect(parseSelector(formatSelector(selector))).toEqual({ ok: true, selector });
      }),
    );
  });

  it("points inside the text, whatever stands there", () => {
    const piece = fc.constantFrom(
      ..."=!,()<>/ \n\t",
      "==",
      "in",
      "notin",
      "a",
      "b1",
      "ö",
      "😀",
      "\u0000",
      "((",
      "))",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 30 }).map((it) => it.join("")),
    );
    fc.assert(
      fc.property(text, (text) => {
        const parsed = parseSelector(text);
        if (parsed.ok) return;
        const { at, end, message } = parsed.fault;
        expect(message).not.toBe("");
        expect(at).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThan(at);
        expect(end).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2000 },
    );
  });

  it("stands 64 KB of anything", () => {
    const kilobytes64 = 64 * 1024;
    expect(faultOf("x".repeat(kilobytes64))).toMatchObject({ at: 63, end: kilobytes64 });
    expect(faultOf("(".repeat(kilobytes64))).toMatchObject({ at: 0, end: 1 });
    expect(faultOf(`a in (${"(".repeat(kilobytes64)}`)).toMatchObject({ at: 6, end: 7 });
    const many = Array.from({ length: 8192 }, (_, at) => `k${at}`).join(",");
    expect(parseSelector(many)).toMatchObject({ ok: true });
    expect(selects("a=x", { a: "x".repeat(kilobytes64) })).toBe(false);
  });
});

describe("matchesSelector", () => {
  it.each([
    ["", {}, true],
    ["a=x", { a: "x" }, true],
    ["a=x", { a: "y" }, false],
    ["a=x", {}, false],
    ["a!=x", {}, true],
    ["a!=x", { a: "x" }, false],
    ["a in (x,y)", { a: "y" }, true],
    ["a notin (x,y)", { a: "y" }, false],
    ["a notin (x,y)", {}, true],
    ["a", { a: "" }, true],
    ["!a", { a: "" }, false],
    ["!a", {}, true],
    ["a=x,b", { a: "x" }, false],
    // What every object has is no label.
    ["constructor", {}, false],
    ["!toString", {}, true],
  ])("%j of %j: %j", (text, labels, answer) => {
    expect(selects(text, labels as Record<string, string>)).toBe(answer);
  });

  it("is the opposite for the opposite operator", () => {
    const labels = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("x", "y", ""));
    fc.assert(
      fc.property(requirement, labels, (one, labels) => {
        const opposite = { in: "notin", notin: "in", exists: "absent", absent: "exists" } as const;
        const local = { ...one, key: "a" };
        const other = { ...local, operator: opposite[one.operator] };
        expect(matchesSelector([other], labels)).toBe(!matchesSelector([local], labels));
      }),
    );
  });
});
