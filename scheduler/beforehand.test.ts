import { describe, expect, it } from "vitest";
import { takenBeforehand, warnOfTaken, type Beamtime, type OpenEnvironment } from "./beforehand.ts";
import { gpu, hour, live, node, reservation, rule, situation, size, when } from "./testing.ts";
import type { Candidate, Situation, Size } from "./types.ts";

const online = when("online", { environment: "online" }, { dedicate: true });
const open = (slug: string, more: Partial<Size> = {}): OpenEnvironment => ({
  slug,
  kind: "desktop",
  versionId: "v",
  size: size(more),
});
const beamtime = (
  code: string,
  environments: Beamtime["environments"] = [open("online")],
): Beamtime => ({
  id: code,
  code,
  beamline: "b1",
  beamlineId: "b1",
  from: 0,
  until: hour,
  environments,
});
const taken = (beamtimes: readonly Beamtime[], more: Partial<Situation>) =>
  takenBeforehand(beamtimes, situation({ rules: [online], ...more })).map(
    (it) => `${it.beamtime.code}: ${it.node.name} by ${it.rule.name}`,
  );
const two = [node("n1"), node("n2")];

describe("a node before anybody asks", () => {
  it("is for each experiment to which the environment is open that a rule names, and no other", () => {
    expect(taken([beamtime("x1"), beamtime("x2")], { nodes: two })).toEqual([
      "x1: n1 by online",
      "x2: n2 by online",
    ]);
    expect(taken([beamtime("x1", [open("mate")]), beamtime("x2", [])], { nodes: two })).toEqual([]);
  });

  it("is taken also where room is gathered there for somebody else", () => {
    const large = { requestId: "large", userId: "ada", experimentId: null, until: hour };
    const gathered = [{ ...large, nodeId: "n1" }];
    expect(taken([beamtime("x1")], { nodes: [node("n1")], gathered })).toEqual([
      "x1: n1 by online",
    ]);
  });

  it("is not given by a rule that names no environment, nor by one that looks at who asks, or is off", () => {
    const none = (...rules: Situation["rules"]) =>
      expect(taken([beamtime("x1")], { nodes: two, rules })).toEqual([]);
    none(rule("all", { dedicate: true }));
    none(when("here", { experiment: "x1", kind: "desktop" }, { dedicate: true }));
    none(when("staff", { environment: "online", role: "staff" }, { dedicate: true }));
    none({ ...online, enabled: false });
    none(online, rule("never", { dedicate: false }, { priority: 1 }));
    // What is said first is what a start would get.
    none(online, rule("all", { dedicate: true }, { priority: 1 }));
    none(online, rule("closed", { limits: { total: 0 } }));
  });

  it("is one that can hold what is asked for: the largest that is open, as rules make it", () => {
    const card = [gpu("GPU-1")];
    const nodes = [node("n1"), node("n2", { cpus: 16 }), node("n3", { gpus: card })];
    const by = (environments: Beamtime["environments"], rules: Situation["rules"] = [online]) =>
      taken([beamtime("x1", environments)], { nodes, rules });
    expect(by([open("online", { cpus: 12 })])).toEqual(["x1: n2 by online"]);
    const both = when("both", { environment: ["small", "large"] }, { dedicate: true });
    const large = open("large", { gpus: 1 });
    expect(by([open("small"), large], [both])).toEqual(["x1: n3 by both"]);
    expect(by([open("small")], [both])).toEqual(["x1: n2 by both"]);
    const more = rule("more", { resources: { cpus: 12 } });
    expect(by([open("online")], [online, more])).toEqual(["x1: n2 by online"]);
    expect(by([open("online", { cpus: 100 })])).toEqual([]);
  });

  it("is one with room before a full one, and of full ones that with the fewest others", () => {
    const full = (name: string, more: Partial<Candidate> = {}) =>
      node(name, { allocatedCpus: 8, ...more });
    const others = [live("a", "n1"), live("b", "n1"), live("c", "n2")];
    const by = (nodes: Candidate[], more: Partial<Situation> = {}) =>
      taken([beamtime("x1")], { nodes, live: others, ...more });
    expect(by([node("n1"), full("n2")])).toEqual(["x1: n1 by online"]);
    expect(by([full("n1"), full("n2")])).toEqual(["x1: n2 by online"]);
    expect(by([full("n1"), full("n2", { cpus: 1 }), full("n3", { ready: false })])).toEqual([
      "x1: n1 by online",
    ]);
    const card = (present: boolean, slots: number[]) => ({
      gpus: [gpu("g", { present, taken: slots.map((slot) => ({ slot, memoryBytes: 0 })) })],
    });
    const asked = [beamtime("x1", [open("online", { gpus: 1 })])];
    const away = node("n1", card(false, []));
    expect(taken(asked, { nodes: [away, node("n2", card(true, [0]))] })).toEqual([
      "x1: n2 by online",
    ]);
    // What is kept for others is nobody's to take.
    expect(by([node("n1", { cpus: 2 })], { live: [], reservations: [reservation("r")] })).toEqual(
      [],
    );
  });

  it("leaves limits and room as they are for the next experiment", () => {
    const one = rule("one", { limits: { total: 1 } });
    expect(
      taken([beamtime("x1"), beamtime("x2")], { nodes: two, rules: [online, one] }),
    ).toHaveLength(2);
  });
});

describe("a warning", () => {
  it("says how many nodes a rule takes at once, and for whom", () => {
    const all = Array.from({ length: 12 }, (_, at) => beamtime(`x${at}`));
    const nodes = Array.from({ length: 15 }, (_, at) => node(`n${at}`));
    const warnings = (beamtimes: readonly Beamtime[]) =>
      warnOfTaken(online, beamtimes, situation({ nodes, rules: [online] }));
    expect(warnings(all)).toMatchObject([
      {
        code: "takes_nodes",
        rule: "online",
        text: expect.stringMatching(/takes 12 of 15 nodes .*: x0, x1, .* and 2 more$/),
      },
    ]);
    expect(warnings(all.slice(0, 1))).toMatchObject([{ text: expect.stringMatching(/: x0$/) }]);
    expect(warnings([])).toEqual([]);
    const first = { ...online, id: "first", priority: 1 };
    expect(warnOfTaken(online, all, situation({ nodes, rules: [first, online] }))).toEqual([]);
  });
});
