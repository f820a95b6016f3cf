import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ruleThen, ruleWhen } from "../../../../gateway/rule-schemas.ts";
import { placeOf } from "./json-text.ts";
import { readRule, writeRule, type Then, type When } from "./rule-text.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,12}$/);
const names = fc.oneof(name, fc.array(name, { minLength: 1, maxLength: 3 }));
const time = fc
  .date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true })
  .map((it) => it.toISOString());
const few = fc.integer({ min: 1, max: 1_000_000 });
const bytes = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const selector = fc.constantFrom(
  "",
  "gpu",
  "!gpu",
  "zone=hall-1",
  "a in (b, c),d notin (e)",
  "x/y!=z",
);
const some = { requiredKeys: [] as [] };
const when = fc
  .record(
    {
      environment: names,
      kind: fc.constantFrom("desktop" as const, "service" as const),
      beamline: names,
      experiment: names,
      user: names,
      role: fc.constantFrom("user" as const, "staff" as const, ["user" as const, "admin" as const]),
      from: time,
      until: time,
    },
    some,
  )
  .filter(
    (it) => !(it.from !== undefined && it.until !== undefined && it.from >= it.until),
  ) as fc.Arbitrary<When>;
const then = fc.record(
  {
    require: selector,
    prefer: fc.array(fc.record({ selector, weight: fc.integer({ min: -100, max: 100 }) }), {
      maxLength: 3,
    }),
    strategy: fc.constantFrom("pack" as const, "spread" as const),
    resources: fc.record(
      {
        cpus: fc.double({ min: 0.5, max: 10_000, noNaN: true }),
        memoryBytes: bytes,
        gpus: fc.integer({ min: 0, max: 16 }),
        gpuMemoryBytes: fc.option(bytes),
      },
      some,
    ),
    limits: fc.record({ perPerson: few, perExperiment: few, perBeamline: few, total: few }, some),
    lifetime: fc.record({ maxMinutes: fc.integer({ min: 5, max: 525_600 }) }),
    dedicate: fc.boolean(),
    priority: fc.integer({ min: -1000, max: 1000 }),
  },
  some,
) as fc.Arbitrary<Then>;

describe("a rule's text", () => {
  it("reads back as the rule that was written, and the server takes it", () => {
    fc.assert(
      fc.property(when, then, (when, then) => {
        const { rule, faults } = readRule(writeRule({ when, then }));
        expect(faults).toEqual([]);
        expect(rule).toEqual(JSON.parse(JSON.stringify({ when, then })));
        expect(ruleWhen.safeParse(rule?.when).success).toBe(true);
        expect(ruleThen.safeParse(rule?.then).success).toBe(true);
      }),
    );
  });

  /** Line, column and code of each fault. */
  const faultsOf = (text: string): string[] =>
    readRule(text).faults.map((it) => {
      const { line, column } = placeOf(text, it.at);
      return `${line}:${column} ${it.code}`;
    });

  it.each([
    ['{\n  "when": {},\n  "then": {\n}', ["4:2 expected"]],
    ['{"wenn": {}}', ["1:2 unknownName"]],
    ['{"when": {\n  "moon": true,\n  "kind": "laptop"}}', ["2:3 unknownName", "3:11 notOneOf"]],
    ['{"when": []}', ["1:10 notObject"]],
    ['{"when": {"environment": []}}', ["1:26 none"]],
    ['{"when": {"user": ["Ada"]}}', ["1:20 notName"]],
    ['{"when": {"user": 3}}', ["1:19 notText"]],
    ['{"when": {"from": "tomorrow"}}', ["1:19 notTime"]],
    ['{"when": {"from": "2026-11-02T08:00"}}', ["1:19 notTime"]],
    [
      '{"when": {"from": "2026-11-02T08:00:00Z", "until": "2026-11-02T09:00:00+01:00"}}',
      ["1:52 untilFirst"],
    ],
    ['{"then": {"prefer": {}}}', ["1:21 notList"]],
    ['{"then": {"prefer": [{"selector": "a"}]}}', ["1:22 missing"]],
    ['{"then": {"resources": {"cpus": 0}}}', ["1:33 tooLow"]],
    ['{"then": {"resources": {"memoryBytes": null}}}', ["1:40 notNumber"]],
    ['{"then": {"limits": {"total": 1.5}}}', ["1:31 notWhole"]],
    ['{"then": {"priority": 1001}}', ["1:23 tooHigh"]],
    ['{"then": {"dedicate": "yes"}}', ["1:23 notBoolean"]],
  ])("%s", (text, expected) => {
    expect(faultsOf(text)).toEqual(expected);
    expect(readRule(text).rule).toBeNull();
  });

  it("finds the fault of a selector at its character, escapes before it or not, and is a rule all the same", () => {
    const plain = '{"then": {\n "require": "gpu=a40,zone=b$c"}}';
    expect(faultsOf(plain)).toEqual([
      `2:${(plain.split("\n")[1] ?? "").indexOf("$") + 1} selector`,
    ]);
    expect(readRule(plain).rule?.then.require).toBe("gpu=a40,zone=b$c");
    const escaped = String.raw`{"then": {"require": "gp\u0075=a$"}}`;
    expect(faultsOf(escaped)).toEqual([`1:${escaped.indexOf("$") + 1} selector`]);
    expect(faultsOf('{"then": {"require": "gpu in (a40"}}')).toEqual(["1:31 selector"]);
  });

  it("refuses what the server refuses", () => {
    const odd = fc.jsonValue({ maxDepth: 3 });
    const keys = fc.constantFrom("environment", "kind", "role", "from", "until", "user", "other");
    fc.assert(
      fc.property(fc.dictionary(keys, fc.oneof(odd, names, time)), (value) => {
        const { faults } = readRule(JSON.stringify({ when: value }));
        expect(faults.length === 0).toBe(ruleWhen.safeParse(value).success);
      }),
      { numRuns: 500 },
    );
  });
});
