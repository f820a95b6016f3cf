import { expect, it } from "vitest";
import { place } from "./place.ts";
import {
  gib,
  gpu,
  live,
  node,
  ofExperiment,
  request,
  reservation,
  rule,
  situation,
  size,
} from "./testing.ts";
import { whatIf } from "./what-if.ts";

const asked = request("q", { size: size({ gpus: 1, gpuMemoryBytes: 10 * gib }) });
const taken = [{ slot: 0, memoryBytes: 35 * gib }];
const ok = { gpus: [gpu("GPU-1")], labels: { zone: "a" } };

it("tells every node's verdict, with figures", () => {
  const nodes = [
    node("away", { ...ok, ready: false }),
    node("closed", { ...ok, schedulable: false }),
    node("cores", { ...ok, allocatedCpus: 7.5 }),
    node("draining", { ...ok, draining: true }),
    node("fits", ok),
    node("full-gpus", { ...ok, gpus: [gpu("GPU-1", { taken }), gpu("GPU-2", { present: false })] }),
    node("held", { ...ok, labels: { zone: "a", for: "course" } }),
    node("memory", { ...ok, allocatedMemoryBytes: 30 * gib }),
    node("other", { ...ok, labels: {} }),
    node("owned", { ...ok, dedicatedTo: "x1" }),
    node("roomy", { ...ok, cpus: 80, memoryBytes: 320 * gib, gpus: [gpu("GPU-1"), gpu("GPU-2")] }),
  ];
  const held = reservation("r", { selector: "for=course", seats: 1, size: size({ cpus: 7 }) });
  const rules = [rule("a", { require: "zone=a" })];
  const verdicts = whatIf(asked, situation({ nodes, rules, reservations: [held] }));
  expect(verdicts.map((it) => [it.node, it.refusedBy, it.text])).toEqual([
    ["roomy", null, "fits"],
    ["fits", null, "fits"],
    ["away", "ready", "not ready"],
    ["closed", "schedulable", "takes nothing new"],
    ["cores", "cpus", "needs 2 cores, 0.5 are free"],
    ["draining", "draining", "is being drained"],
    ["full-gpus", "gpus", "needs 1 GPU with a free place and 10 GiB, 0 of 1 have that"],
    [
      "held",
      "reserved",
      'has room for 2 cores, 4 GiB, 1 GPU with 10 GiB, which is reserved: "Course r"',
    ],
    ["memory", "memory", "needs 4 GiB of memory, 2 GiB are free"],
    ["other", "labels", 'does not meet zone=a (rule "a")'],
    ["owned", "dedicated", "kept for an experiment's beamtime"],
  ]);
});

it("agrees with what is placed", () => {
  const nodes = [node("n1"), node("n2", { images: new Set(["v"]) }), node("n3", { cpus: 16 })];
  const site = situation({ nodes, live: [live("l", "n1", { userId: "user-q" })] });
  const [first] = place([request("q")], site);
  const verdicts = whatIf(request("q"), site);
  expect(
    first?.kind === "placed" && first.best.map((it) => [it.node.name, it.score, it.lines]),
  ).toEqual(verdicts.map((it) => [it.node, it.score, it.lines]));
});

it("tells what a beamtime makes of the nodes", () => {
  const rules = [rule("beamtime", { dedicate: true })];
  const nodes = [node("n1", { dedicatedTo: "x1" }), node("n2")];
  expect(whatIf(request("q", ofExperiment("x1")), situation({ nodes, rules }))).toMatchObject([
    { node: "n1", refusedBy: null },
    {
      node: "n2",
      refusedBy: "dedicated",
      text: "the experiment has a node of its own for its beamtime",
    },
  ]);
  const free = nodes.map((it) => ({ ...it, dedicatedTo: null }));
  const others = [live("l", "n1")];
  expect(
    whatIf(request("q", ofExperiment("x1")), situation({ nodes: free, rules, live: others })),
  ).toMatchObject([
    { node: "n2", score: 75 },
    {
      node: "n1",
      score: -925,
      lines: [{ points: 75 }, { rule: "others there: 1", points: -1000 }],
    },
  ]);
});
