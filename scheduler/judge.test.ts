import { describe, expect, it } from "vitest";
import { judgeRules } from "./judge.ts";
import { gib, live, node, rule, situation, size, when } from "./testing.ts";
import type { Rule, Situation } from "./types.ts";

const nodes = [
  node("n1", { labels: { zone: "a", gpu: "a100" } }),
  node("n2", { labels: { zone: "b" } }),
];
const known = {
  environments: [
    { slug: "mate", kind: "desktop" as const, size: size() },
    { slug: "jupyter", kind: "service" as const, size: size({ cpus: 6 }) },
  ],
  beamlines: new Set(["b1"]),
  experiments: new Set(["x1"]),
  users: new Set(["ada"]),
};
const judge = (rules: Rule[], more: Partial<Situation> = {}, ids: string[] | null = null) =>
  judgeRules(rules, situation({ nodes, ...more }), {
    known,
    ids: ids && new Set(ids.map((it) => `id-${it}`)),
  });
const codes = (...input: Parameters<typeof judge>) =>
  judge(...input).map((it) => `${it.code} ${it.rule} ${it.path}`);

describe("judgeRules", () => {
  it("has nothing to say about rules that are in order", () => {
    const rules = [
      when(
        "gpu",
        { environment: "mate", role: "staff" },
        { require: "gpu=a100", strategy: "pack" },
      ),
      rule(
        "all",
        { strategy: "spread", limits: { total: 5 }, prefer: [{ selector: "zone=b", weight: 3 }] },
        { priority: -1 },
      ),
    ];
    expect(judge(rules)).toEqual([]);
  });

  it("finds contradictions, within a rule and between rules that can hold together", () => {
    expect(judge([when("one", { user: "ada" }, { require: "zone=a,!zone" })])).toMatchObject([
      {
        code: "contradiction",
        path: "then.require",
        text: "what it asks of zone excludes itself; what it holds for gets no place",
      },
    ]);
    const a = when("a", { user: "ada" }, { require: "zone in (a)" });
    const b = when("b", { environment: "mate" }, { require: "zone in (b)" });
    expect(judge([a, b])).toMatchObject(
      [
        {
          code: "contradiction",
          rule: "a",
          text: 'it excludes rule "b" (zone in (b)) by what both ask of zone: what both hold for is refused',
        },
        { code: "locks_out" },
      ].slice(0, 1),
    );
    // Where they can never hold together there is none.
    const c = when("c", { user: "bob" }, { require: "zone in (b)" });
    expect(codes([a, c]).filter((it) => it.startsWith("contradiction"))).toEqual([]);
    const later = { from: "2030-01-01T00:00:00Z" };
    const until = { until: "2030-01-01T00:00:00Z" };
    const apart = [
      when("a", until, { require: "zone=a" }),
      when("b", later, { require: "zone=b" }),
    ];
    expect(codes(apart).filter((it) => it.startsWith("contradiction"))).toEqual([]);
  });

  it("finds pairs that no node meets together", () => {
    const rules = [
      when("a", { user: "ada" }, { require: "gpu" }),
      when("b", { environment: "mate" }, { require: "zone=b" }),
    ];
    expect(judge(rules)).toMatchObject([
      {
        code: "locks_out",
        rule: "a",
        text: 'no node meets it and rule "b" (zone=b): what both hold for gets no place',
      },
    ]);
  });

  it("finds rules that lock everybody out of an environment, now or later", () => {
    expect(judge([rule("all", { require: "zone=c" })])).toMatchObject([
      {
        code: "locks_out",
        rule: "all",
        text: 'nobody could start mate: by rule "all" it needs a node that meets zone=c with 2 cores, 4 GiB, and there is none',
      },
      { code: "locks_out", text: expect.stringContaining("jupyter") },
      { code: "matches_no_node" },
    ]);
    const small = [node("n1", { cpus: 4, labels: { zone: "a" } }), node("n2", { cpus: 8 })];
    expect(codes([rule("a", { require: "zone=a" })], { nodes: small })).toEqual([
      "locks_out a then.require",
    ]);
    expect(codes([rule("big", { resources: { memoryBytes: 100 * gib } })])).toEqual([
      "locks_out big then.resources",
      "locks_out big then.resources",
    ]);
    expect(
      codes([
        rule(
          "later",
          { require: "!zone" },
          { when: { environment: "mate", from: "1990-01-01T00:00:00Z" } },
        ),
      ]),
    ).toContain("locks_out later then.require");
    // What only some people are asked for locks nobody else out.
    expect(codes([when("some", { role: "user" }, { resources: { cpus: 100 } })])).toEqual([]);
  });

  it("finds selectors that meet no node now, and such as cannot be read", () => {
    const rules = [
      when("none", { user: "ada" }, { require: "zone=c" }),
      when(
        "far",
        { user: "ada" },
        {
          prefer: [
            { selector: "zone", weight: 1 },
            { selector: "rack=1", weight: 1 },
          ],
        },
      ),
      when("bad", { user: "ada" }, { require: "zone=" }),
    ];
    expect(judge(rules).map((it) => it.text)).toEqual([
      '"zone=" cannot be read: expected a value after =; what it holds for gets no place',
      "no node meets rack=1 now; its points go to no node",
      "no node meets zone=c now; what it holds for gets no place",
    ]);
    expect(judge(rules)[1]).toMatchObject({
      code: "matches_no_node",
      path: "then.prefer.1.selector",
    });
  });

  it.each([
    [{ from: "1980-01-01T00:00:00Z", until: "1975-01-01T00:00:00Z" }, "when.until"],
    [{ until: "1960-01-01T00:00:00Z" }, "when.until"],
    [{ environment: "kde" }, "when.environment"],
    [{ beamline: ["b7", "b8"] }, "when.beamline"],
    [{ experiment: "x7" }, "when.experiment"],
    [{ user: "eve" }, "when.user"],
    [{ environment: "jupyter", kind: "desktop" as const }, "when.kind"],
  ])("finds that %j never holds", (condition, path) => {
    expect(codes([when("one", condition, { strategy: "pack" })])).toEqual([
      `never_matches one ${path}`,
    ]);
    const { environments, ...rest } = known;
    expect(environments).toHaveLength(2);
    expect(
      judgeRules([when("one", { environment: "kde" }, {})], situation({ nodes }), { known: rest }),
    ).toEqual([]);
  });

  it("finds what an earlier rule says for all of these already", () => {
    const wide = when(
      "wide",
      { environment: ["mate", "kde"] },
      { strategy: "pack", resources: { cpus: 2 } },
      5,
    );
    const narrow = when(
      "narrow",
      { environment: "mate", user: "ada" },
      { strategy: "spread", resources: { cpus: 3, gpus: 0 } },
    );
    expect(codes([wide, narrow])).toEqual([
      "shadowed narrow then.strategy",
      "shadowed narrow then.resources.cpus",
    ]);
    expect(codes([{ ...wide, priority: -1 }, narrow])).toEqual([]);
    expect(codes([{ ...wide, when: { role: "staff" } }, narrow])).toEqual([]);
    expect(codes([{ ...wide, enabled: false }, narrow])).toEqual([]);
  });

  it("finds limits that are reached", () => {
    const ada = { user: "ada", userId: "ada" };
    const lives = [live("a", "n1", ada), live("b", "n1", ada), live("c", "n1")];
    const limits = { perPerson: 1, total: 4, perExperiment: 1 };
    expect(judge([rule("r", { limits })], { live: lives })).toEqual([
      {
        code: "limit_reached",
        rule: "r",
        path: "then.limits.perPerson",
        text: "1 at once per person, and 2 of ada live now (and 1 more have reached it): nothing more starts there until some end; none is stopped",
      },
    ]);
  });

  it("tells only of the rules that are asked about", () => {
    const rules = [
      when("a", { user: "ada" }, { require: "zone=a" }),
      when("b", { environment: "mate" }, { require: "zone=b,!gpu" }),
    ];
    expect(codes(rules, {}, ["b"])).toEqual(["contradiction b then.require"]);
    expect(codes(rules, {}, [])).toEqual([]);
  });
});
