import { describe, expect, it } from "vitest";
import { stillDedicates } from "./dedicate.ts";
import { place } from "./place.ts";
import { compileRules } from "./rules.ts";
import {
  gib,
  gpu,
  hour,
  live,
  node,
  ofExperiment,
  request,
  reservation,
  rule,
  situation,
  size,
  when,
} from "./testing.ts";
import type { Candidate, Request, Rule, Situation } from "./types.ts";

const rules = [rule("beamtime", { dedicate: true })];
const x1 = (id: string, more: Partial<Request> = {}) =>
  request(id, { ...ofExperiment("x1"), ...more });
const outcomes = (requests: Request[], more: Partial<Situation>) =>
  place(requests, situation({ rules, ...more })).map((it) =>
    it.kind === "placed" ? `${it.node.name}${it.dedicate ? ", its own" : ""}` : it.reason.code,
  );

describe("a node for a beamtime", () => {
  it("is an empty one before one with others, and with fewer before one with more", () => {
    const nodes = [node("n1"), node("n2"), node("n3", { cpus: 4 })];
    const others = [live("a", "n1"), live("b", "n1"), live("c", "n2")];
    expect(outcomes([x1("q")], { nodes, live: others.slice(0, 2) })).toEqual(["n2, its own"]);
    expect(outcomes([x1("q")], { nodes: nodes.slice(0, 2), live: others })).toEqual([
      "n2, its own",
    ]);
    // Its own are no others.
    const own = others.map((it) => (it.nodeId === "n1" ? { ...it, ...ofExperiment("x1") } : it));
    expect(outcomes([x1("q")], { nodes: nodes.slice(0, 2), live: own })).toEqual(["n1, its own"]);
  });

  it("says by which rule, and how many others are there", () => {
    const nodes = [node("n1"), node("n2")];
    const [decision] = place([x1("q")], situation({ nodes, rules, live: [live("a", "n2")] }));
    expect(decision).toMatchObject({
      dedicate: { ruleId: "id-beamtime", ruleName: "beamtime" },
      best: [
        { node: { name: "n1" }, score: 75 },
        {
          node: { name: "n2" },
          score: -925,
          lines: [{ points: 75 }, { rule: "others there: 1", points: -1000 }],
        },
      ],
    });
  });

  it("takes what comes after of the same experiment, and nobody else", () => {
    const nodes = [node("n1"), node("n2", { ready: false })];
    const requests = [x1("a"), x1("b"), request("c"), request("d", ofExperiment("x2"))];
    expect(outcomes(requests, { nodes })).toEqual([
      "n1, its own",
      "n1",
      "node_dedicated",
      "node_dedicated",
    ]);
  });

  it("is taken only while the beamtime is on, and only by a rule", () => {
    const nodes = [node("n1")];
    const at = (now: number) => outcomes([x1("a")], { nodes, now });
    expect([at(-1), at(0), at(hour - 1), at(hour)]).toEqual([
      ["n1"],
      ["n1, its own"],
      ["n1, its own"],
      ["n1"],
    ]);
    const off = rule("off", { dedicate: false }, { priority: 1 });
    expect(outcomes([x1("a")], { nodes, rules: [...rules, off] })).toEqual(["n1"]);
    const online = when("online", { environment: "online" }, { dedicate: true });
    expect(outcomes([x1("a")], { nodes, rules: [online] })).toEqual(["n1"]);
    expect(outcomes([request("a")], { nodes })).toEqual(["n1"]);
  });

  it("is waited for where it is only full; one that is away or too small is none", () => {
    const own = { dedicatedTo: "x1" };
    const full = node("n1", { ...own, allocatedCpus: 8 });
    const others = [node("n2")];
    expect(outcomes([x1("a")], { nodes: [full, ...others] })).toEqual(["no_capacity"]);
    const away = node("n1", { ...own, ready: false });
    expect(outcomes([x1("a")], { nodes: [away, ...others] })).toEqual(["n2, its own"]);
    const small = node("n1", { ...own, cpus: 1 });
    expect(
      outcomes([x1("a"), x1("b", { size: size({ cpus: 1 }) })], { nodes: [small, ...others] }),
    ).toEqual(["n2, its own", "n2"]);
  });

  it("is not waited for where the GPU that it would take is away", () => {
    const own = { dedicatedTo: "x1" };
    const broken = node("n1", { ...own, gpus: [gpu("GPU-1", { present: false })] });
    const shares = [{ slot: 0, memoryBytes: gib }];
    const taken = node("n1", { ...own, gpus: [gpu("GPU-1", { taken: shares })] });
    const others = [node("n2", { gpus: [gpu("GPU-2")] })];
    const asked = [x1("a", { size: size({ gpus: 1 }) })];
    expect(outcomes(asked, { nodes: [broken, ...others] })).toEqual(["n2, its own"]);
    expect(outcomes(asked, { nodes: [taken, ...others] })).toEqual(["no_capacity"]);
  });

  it("is waited for where it is not ready for a moment, and no longer than some minutes", () => {
    const minute = 60_000;
    const others = [node("n2"), node("n3")];
    const away = (more: Partial<Candidate>, own: Partial<Candidate> = { dedicatedTo: "x1" }) =>
      outcomes([x1("a")], { nodes: [node("n1", { ready: false, ...own, ...more }), ...others] });
    expect(away({ unreadyMs: 10_000 })).toEqual(["no_node_ready"]);
    expect(away({ unreadyMs: 5 * minute })).toEqual(["no_node_ready"]);
    expect(away({ unreadyMs: 5 * minute + 1 })).toEqual(["n2, its own"]);
    expect(away({})).toEqual(["n2, its own"]);
    // What an administrator has closed does not come back by itself; what is another's, or too small, is no help.
    expect(away({ unreadyMs: 0, draining: true })).toEqual(["n2, its own"]);
    expect(away({ unreadyMs: 0, schedulable: false })).toEqual(["n2, its own"]);
    expect(away({ unreadyMs: 0 }, { dedicatedTo: "x2" })).toEqual(["n2, its own"]);
    expect(away({ unreadyMs: 0, cpus: 1 })).toEqual(["n2, its own"]);
    // Another one of its own that is ready takes it.
    const nodes = [
      node("n1", { ready: false, unreadyMs: 0, dedicatedTo: "x1" }),
      node("n2", { dedicatedTo: "x1" }),
    ];
    expect(outcomes([x1("a")], { nodes })).toEqual(["n2"]);
    const withOthers = situation({ nodes: [...nodes.slice(0, 1), node("n3")], rules });
    expect(place([x1("a")], withOthers)).toMatchObject([
      { reason: { text: "the node that its experiment has to itself is not ready just now" } },
    ]);
  });

  it("moves the seats that were kept there for others", () => {
    const nodes = [node("n1", { cpus: 4, labels: { hall: "1" } }), node("n2", { cpus: 2 })];
    const there = [...rules, when("there", { experiment: "x1" }, { require: "hall=1" })];
    const reservations = [reservation("r")];
    const ask = (requests: Request[]) => outcomes(requests, { nodes, rules: there, reservations });
    expect(ask([request("a")])).toEqual(["n1"]);
    // The seat is kept on n1, which the beamtime takes: from then on it is kept on n2.
    const insider = request("c", { groupIds: ["course"] });
    expect(ask([x1("a"), request("b"), insider])).toEqual(["n1, its own", "reserved", "n2"]);
  });
});

describe("a node that was given", () => {
  const given = { ruleId: "id-online", beamline: "b1", experiment: "x1" };
  const still = (...all: Situation["rules"]) => stillDedicates(compileRules(all), given, hour);
  const online = when("online", { environment: "online" }, { dedicate: true });
  const off = (about: Rule["when"]) => when("off", about, { dedicate: false }, 1);

  it("stays while its rule says so for the experiment", () => {
    expect(still(online)).toBe(true);
    expect(still({ ...online, when: { experiment: ["x2", "x1"], beamline: "b1" } })).toBe(true);
    expect(still({ ...online, when: { environment: "other", user: "ada" } })).toBe(true);
  });

  it("is given back where that is gone, off, over, for others, or says it no more", () => {
    expect(still()).toBe(false);
    expect(still({ ...online, enabled: false })).toBe(false);
    expect(still({ ...online, then: {} })).toBe(false);
    expect(still({ ...online, then: { dedicate: false } })).toBe(false);
    expect(still({ ...online, when: { experiment: "x2" } })).toBe(false);
    expect(still({ ...online, when: { beamline: "b2" } })).toBe(false);
    const at = (ms: number) => new Date(ms).toISOString();
    expect(still({ ...online, when: { until: at(hour) } })).toBe(false);
    expect(still({ ...online, when: { from: at(hour + 1) } })).toBe(false);
    expect(still({ ...online, when: { from: at(hour), until: at(hour + 1) } })).toBe(true);
  });

  it("is given back where an earlier rule says no to all for whom it was, and not for a later or narrower one", () => {
    expect(still(online, off({}))).toBe(false);
    expect(still(online, off({ experiment: "x1" }))).toBe(false);
    expect(still(online, off({ environment: "online", beamline: "b1" }))).toBe(false);
    expect(still(online, off({ experiment: "x2" }))).toBe(true);
    expect(still(online, off({ user: "ada" }))).toBe(true);
    expect(still(online, { ...off({}), priority: -1 })).toBe(true);
  });
});
