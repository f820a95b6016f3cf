import { describe, expect, it } from "vitest";
import { place } from "./place.ts";
import { gib, gpu, hour, node, request, rule, situation, size, when } from "./testing.ts";
import type { Candidate, Request, Rule } from "./types.ts";

const decide = (one: Request, nodes: Candidate[], rules: Rule[] = []) => {
  const [decision] = place([one], situation({ nodes, rules }));
  if (!decision) throw new Error("nothing was decided");
  return decision;
};
const chosen = (requests: Request[], nodes: Candidate[], rules: Rule[] = []) =>
  place(requests, situation({ nodes, rules })).map((it) =>
    it.kind === "placed" ? it.node.name : it.reason.code,
  );
const big = (more: object) => request("a", { size: size(more) });

describe("place", () => {
  it("spreads over nodes where no rule says otherwise, and explains its choice", () => {
    const nodes = [node("n1"), node("n2", { ready: false }), node("n3")];
    const [first, second] = place([request("a"), request("b")], situation({ nodes }));
    expect(first).toMatchObject({
      kind: "placed",
      node: { name: "n1" },
      size: size(),
      gpus: [],
      strategy: "spread",
      rules: [],
      refused: { ready: 1 },
      best: [
        {
          node: { name: "n1" },
          score: 75,
          lines: [{ rule: "spread: share left free", points: 75 }],
        },
        { node: { name: "n3" }, score: 75 },
      ],
      maxMinutes: null,
      dedicate: null,
    });
    expect(second).toMatchObject({ kind: "placed", node: { name: "n3" } });
  });

  it("does what rules say: size, place, strategy, lifetime", () => {
    const rules = [
      rule("where", { require: "zone=b", lifetime: { maxMinutes: 90 } }),
      rule("how", { strategy: "pack", resources: { cpus: 3 } }),
    ];
    const nodes = [node("n1"), node("n2", { labels: { zone: "b" } })];
    expect(decide(request("a"), nodes, rules)).toMatchObject({
      node: { name: "n2" },
      size: { cpus: 3, memoryBytes: 4 * gib },
      strategy: "pack",
      maxMinutes: 90,
      rules: ["how", "where"],
      refused: { labels: 1 },
    });
  });

  it("adds up preferences, the image, and what the person has there", () => {
    const rules = [
      rule("near", { prefer: [{ selector: "rack=1", weight: 40 }] }),
      rule("far", { prefer: [{ selector: "rack=1", weight: -15 }] }),
    ];
    const labels = { rack: "1" };
    const nodes = [node("n1"), node("n2", { labels }), node("n3", { images: new Set(["v"]) })];
    const ada = { user: "ada", userId: "ada" };
    const [first, second] = place(
      [request("a", ada), request("b", ada)],
      situation({ nodes, rules }),
    );
    expect(first).toMatchObject({ node: { name: "n3" } });
    expect(second?.kind === "placed" && second.best).toMatchObject([
      {
        node: { name: "n2" },
        score: 100,
        lines: [
          { rule: "spread: share left free", points: 75 },
          { rule: "far: prefers rack=1", points: -15 },
          { rule: "near: prefers rack=1", points: 40 },
        ],
      },
      {
        node: { name: "n3" },
        score: 81,
        lines: [
          { rule: "spread: share left free", points: 50 },
          { rule: "has the image", points: 30 },
          { rule: "has the person's others", points: 1 },
        ],
      },
      { node: { name: "n1" }, score: 75, lines: [{ points: 75 }] },
    ]);
  });

  it("gives GPUs by UUID and slot, and counts them before the next", () => {
    const gpus = [gpu("GPU-1", { slots: 2 }), gpu("GPU-2", { slots: 2 })];
    const one = (id: string, gibs: number | null) =>
      request(id, { size: size({ gpus: 1, gpuMemoryBytes: gibs === null ? null : gibs * gib }) });
    const requests = [one("a", 20), one("b", 20), one("c", 20), one("d", null)];
    const decisions = place(requests, situation({ nodes: [node("n1", { cpus: 64, gpus })] }));
    expect(decisions.map((it) => (it.kind === "placed" ? it.gpus : it.reason))).toMatchObject([
      [{ uuid: "GPU-1", shares: [{ slot: 0 }] }],
      [{ uuid: "GPU-1", shares: [{ slot: 1 }] }],
      [{ uuid: "GPU-2", shares: [{ slot: 0 }] }],
      { code: "no_capacity", text: "1 node: 1 without enough free GPUs" },
    ]);
  });
});

describe("what waits", () => {
  it.each<[string, Candidate[], string]>([
    ["no_nodes", [], "no node is registered yet"],
    ["no_node_ready", [node("n1", { ready: false })], "1 node: 1 not ready"],
    [
      "no_node_ready",
      [node("n1", { draining: true }), node("n2", { schedulable: false })],
      "2 nodes: 1 taking nothing new, 1 being drained",
    ],
    [
      "no_capacity",
      [node("n1", { schedulable: false }), node("n2", { allocatedCpus: 7 })],
      "2 nodes: 1 taking nothing new, 1 without enough free CPU",
    ],
    ["node_dedicated", [node("n1", { dedicatedTo: "x1" })], "1 node: 1 kept for a beamtime"],
    // What is less than nothing takes nothing.
    [
      "no_capacity",
      [node("n1"), node("n2", { cpus: -4 })].map((it) => ({
        ...it,
        allocatedMemoryBytes: 30 * gib,
      })),
      "2 nodes: 1 without enough free CPU, 1 without enough free memory",
    ],
  ])("says %s", (code, nodes, text) => {
    expect(decide(request("a"), nodes)).toMatchObject({ kind: "waits", reason: { code, text } });
  });

  it("says which rule asks for labels that no node has now", () => {
    const rules = [rule("gpu", { require: "gpu=a100" }), rule("bad", { require: "gpu=" })];
    expect(decide(request("a"), [node("n1")], rules)).toMatchObject({
      kind: "waits",
      reason: {
        code: "no_node_matches",
        text:
          'rule "bad" requires gpu=, which cannot be read: expected a value after = (character 4); ' +
          'rule "gpu" requires gpu=a100; the one node does not meet it',
      },
    });
  });

  it("does not hide what fits behind it", () => {
    const nodes = [node("n1", { allocatedCpus: 5 })];
    const large = request("a", { size: size({ cpus: 8 }) });
    expect(chosen([large, request("b")], nodes)).toEqual(["no_capacity", "n1"]);
  });
});

describe("what could never fit", () => {
  it.each<[string, Request, Candidate[], Rule[], string[], string]>([
    [
      "without rules",
      big({ cpus: 64 }),
      [node("n1")],
      [],
      [],
      "larger than any node is: it takes 64 cores, 4 GiB",
    ],
    [
      "by a rule for the size",
      request("a"),
      [node("n1")],
      [rule("large", { resources: { memoryBytes: 64 * gib } })],
      ["large"],
      'larger than any node is: it takes 2 cores, 64 GiB (by rule "large")',
    ],
    [
      "by a rule for the labels",
      big({ cpus: 8 }),
      [node("n1"), node("n2", { cpus: 4, labels: { zone: "b" } })],
      [rule("there", { require: "zone=b" }), when("other", { user: "eve" }, { require: "zone=c" })],
      ["there"],
      'it takes 8 cores, 4 GiB: 1 node could hold that, but rule "there" admits only one that is smaller',
    ],
    [
      "by both",
      request("a"),
      [node("n1"), node("n2", { cpus: 4, labels: { zone: "b" } })],
      [rule("there", { require: "zone=b" }), rule("large", { resources: { cpus: 6 } })],
      ["there", "large"],
      'it takes 6 cores, 4 GiB (by rule "large"): 1 node could hold that, but rule "there" admits only one that is smaller',
    ],
    [
      "by rules that contradict each other",
      request("a"),
      [node("n1")],
      [rule("one", { require: "zone=a" }), rule("two", { require: "zone in (b,c)" })],
      ["one", "two"],
      'rules "one" and "two" contradict each other: no node can have zone=a and zone in (b,c)',
    ],
    [
      "by its GPUs",
      big({ gpus: 2, gpuMemoryBytes: 10 * gib }),
      [node("n1", { gpus: [gpu("GPU-1")] })],
      [],
      [],
      "larger than any node is: it takes 2 cores, 4 GiB, 2 GPUs with 10 GiB",
    ],
  ])("is refused at once %s", (_, one, nodes, rules, names, text) => {
    expect(decide(one, nodes, rules)).toMatchObject({
      kind: "refused",
      reason: { code: "never_fits", text, rules: names },
    });
  });

  it("waits where rules forbid it for a time only, until they allow it", () => {
    const nodes = [node("n1", { labels: { zone: "b2" } }), node("n2", { cpus: 4 })];
    const serviced = when("service", { until: new Date(hour).toISOString() }, { require: "!zone" });
    const decided = (rules: Rule[]) => decide(big({ cpus: 8 }), nodes, rules);
    expect(decided([serviced])).toMatchObject({
      kind: "waits",
      reason: {
        code: "forbidden_for_now",
        text:
          'it takes 8 cores, 4 GiB: 1 node could hold that, but rule "service" admits only one that is ' +
          "smaller; rules allow it from 1970-01-01 01:00 UTC on",
        forbidden: { rules: ["service"], until: hour },
      },
    });
    const then = situation({ now: hour, nodes, rules: [serviced] });
    expect(place([big({ cpus: 8 })], then)).toMatchObject([
      { kind: "placed", node: { name: "n1" } },
    ]);
    // What another rule forbids from before its end on, for good, is refused.
    const later = when("later", { from: new Date(hour - 1).toISOString() }, { require: "!zone" });
    expect(decided([serviced, later])).toMatchObject({ kind: "refused" });
    // A rule that is about others does not count.
    const others = when("later", { user: "eve" }, { require: "!zone" });
    expect(decided([serviced, others])).toMatchObject({ kind: "waits" });
    const twice = when(
      "larger",
      { until: new Date(2 * hour).toISOString() },
      { resources: { cpus: 9 } },
    );
    expect(decided([serviced, twice])).toMatchObject({
      kind: "waits",
      reason: { forbidden: { until: 2 * hour } },
    });
  });

  it("is not what only waits: a full node, one that is away, a GPU that is gone", () => {
    const gone = node("n1", {
      ready: false,
      allocatedCpus: 8,
      gpus: [gpu("GPU-1", { present: false })],
    });
    expect(decide(big({ cpus: 8, gpus: 1 }), [gone])).toMatchObject({ kind: "waits" });
  });
});
