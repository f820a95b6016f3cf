import { describe, expect, it } from "vitest";
import { compileRules, effectsOf, mergeSize, ruleMatches } from "./rules.ts";
import { gib, ofExperiment, request, rule, size, when } from "./testing.ts";

const ada = request("a", {
  user: "ada",
  userId: "ada",
  roles: ["user", "staff"],
  ...ofExperiment("x1"),
});

describe("ruleMatches", () => {
  it.each([
    [{}, true],
    [{ environment: "mate" }, true],
    [{ environment: ["kde", "mate"] }, true],
    [{ environment: "kde" }, false],
    [{ kind: "desktop" as const }, true],
    [{ kind: "service" as const }, false],
    [{ beamline: "b1", experiment: ["x1"], user: "ada", role: "staff" }, true],
    [{ experiment: "x2" }, false],
    [{ user: "ada", role: "admin" }, false],
    [{ from: "1970-01-01T00:00:01Z" }, false],
    [{ from: "1970-01-01T00:00:00Z", until: "1970-01-01T00:00:01Z" }, true],
    [{ until: "1970-01-01T00:00:00Z" }, false],
    [{ from: "no time" }, false],
  ])("when %j: %j", (when, answer) => {
    const one = rule("one", {}, { when });
    expect(ruleMatches(one, ada, 0)).toBe(answer);
    expect(compileRules([one]).matching(ada, 0).length).toBe(Number(answer));
  });

  it("asks for an experiment only of those who have one", () => {
    expect(ruleMatches(when("one", { beamline: "b1" }, {}), request("b"), 0)).toBe(false);
  });
});

describe("effectsOf", () => {
  it("asks rules by priority, then by name, and leaves out those that are switched off", () => {
    const rules = [
      rule("b", { strategy: "spread", priority: 1, lifetime: { maxMinutes: 10 } }),
      rule("a", { strategy: "pack", resources: { cpus: 4 } }),
      rule("high", { resources: { cpus: 6, memoryBytes: gib } }, { priority: 5 }),
      rule("off", { priority: 100 }, { priority: 9, enabled: false }),
      when("other", { user: "bob" }, { priority: 7 }, 9),
    ];
    for (const order of [rules, rules.toReversed()]) {
      const effects = effectsOf(ada, compileRules(order), 0);
      expect(effects.matched.map((it) => it.name)).toEqual(["high", "a", "b"]);
      expect(effects).toMatchObject({
        strategy: "pack",
        resources: { cpus: 6, memoryBytes: gib },
        resourceRules: { cpus: { name: "high" }, memoryBytes: { name: "high" } },
        maxMinutes: 10,
        priority: 1,
      });
    }
  });

  it("keeps every requirement, preference and limit with its rule", () => {
    const rules = [
      rule("a", { require: "zone=a", limits: { total: 4 } }),
      rule("b", { require: "gpu", prefer: [{ selector: "rack=1", weight: 5 }] }),
    ];
    expect(effectsOf(ada, compileRules(rules), 0)).toMatchObject({
      require: [
        { rule: { name: "a" }, text: "zone=a" },
        { rule: { name: "b" }, text: "gpu" },
      ],
      prefer: [{ rule: { name: "b" }, text: "rack=1", weight: 5 }],
      limits: [{ rule: { name: "a" }, limits: { total: 4 } }],
      strategy: "spread",
      dedicate: null,
      maxMinutes: null,
      priority: 0,
    });
  });

  it("lets a rule that is asked before switch dedication off", () => {
    const on = rule("on", { dedicate: true });
    expect(effectsOf(ada, compileRules([on]), 0).dedicate).toEqual({ id: "id-on", name: "on" });
    const off = rule("off", { dedicate: false }, { priority: 1 });
    expect(effectsOf(ada, compileRules([on, off]), 0).dedicate).toBeNull();
  });

  it("says what is wrong with a stored selector, and does not fall over it", () => {
    const { require } = effectsOf(ada, compileRules([rule("bad", { require: "zone=" })]), 0);
    expect(require).toMatchObject([
      { selector: null, fault: { message: "expected a value after =", at: 4, end: 5 } },
    ]);
  });
});

describe("mergeSize", () => {
  const merge = (resources: object) =>
    mergeSize(size({ gpus: 1, gpuMemoryBytes: gib }), { resources });
  it("takes fields one by one, and no GPU has no memory", () => {
    expect(merge({ cpus: 6 })).toEqual(size({ cpus: 6, gpus: 1, gpuMemoryBytes: gib }));
    expect(merge({ gpuMemoryBytes: null })).toMatchObject({ gpus: 1, gpuMemoryBytes: null });
    expect(merge({ gpus: 0 })).toMatchObject({ gpus: 0, gpuMemoryBytes: null });
  });
  it("makes nothing less than nothing", () => {
    expect(merge({ cpus: -4, memoryBytes: -1, gpus: -1 })).toMatchObject({
      cpus: 0,
      memoryBytes: 0,
      gpus: 0,
    });
  });
});
