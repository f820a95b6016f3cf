import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { place as placeIn } from "./place.ts";
import type { Candidate, Request, Size } from "./types.ts";

const gib = 1024 ** 3;
const node = (name: string, more: Partial<Candidate> = {}): Candidate => ({
  id: name,
  name,
  ready: true,
  schedulable: true,
  cpus: 8,
  memoryBytes: 32 * gib,
  allocatedCpus: 0,
  allocatedMemoryBytes: 0,
  draining: false,
  labels: {},
  gpus: [],
  images: new Set(),
  dedicatedTo: null,
  ...more,
});
const request = (id: string, size: Partial<Size> = {}): Request => ({
  id,
  versionId: "v",
  environment: "mate",
  kind: "desktop",
  beamline: null,
  beamlineId: null,
  experiment: null,
  experimentId: null,
  beamtime: null,
  user: "ada",
  userId: "ada",
  roles: ["user"],
  groupIds: [],
  size: { cpus: 2, memoryBytes: 4 * gib, gpus: 0, gpuMemoryBytes: null, ...size },
  queuedAt: 0,
});

const place = (requests: readonly Request[], nodes: readonly Candidate[]) =>
  placeIn(requests, { now: 0, nodes, rules: [], live: [], reservations: [] });

const nodesArb = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,6}$/),
    ready: fc.boolean(),
    schedulable: fc.boolean(),
    cpus: fc.integer({ min: 1, max: 16 }),
    memoryBytes: fc.integer({ min: 1, max: 64 }).map((it) => it * gib),
  }),
  { selector: (it) => it.name, maxLength: 8 },
);
const requestsArb = fc.array(
  fc.record({
    cpus: fc.integer({ min: 1, max: 40 }).map((it) => it / 4),
    memoryBytes: fc.integer({ min: 1, max: 32 }).map((it) => it * gib),
  }),
  { maxLength: 30 },
);
const named = (requests: { cpus: number; memoryBytes: number }[]) =>
  requests.map((it, index) => request(String(index), it));

describe("place", () => {
  it("spreads over nodes and explains its choice", () => {
    const [first, second] = place(
      [request("a"), request("b")],
      [node("n1"), node("n2", { ready: false }), node("n3")],
    );
    expect(first).toMatchObject({ kind: "placed", node: { name: "n1" }, refused: { ready: 1 } });
    expect(second).toMatchObject({ kind: "placed", node: { name: "n3" } });
    expect(first?.kind === "placed" && first.best.map((it) => it.node.name)).toEqual(["n1", "n3"]);
  });

  it.each([
    [[], "no_nodes", "no node is registered yet"],
    [[node("n1", { ready: false })], "no_node_ready", "1 node: 1 not ready"],
    [
      [node("n1", { schedulable: false }), node("n2", { allocatedCpus: 7 })],
      "no_capacity",
      "2 nodes: 1 taking nothing new, 1 without enough free CPU",
    ],
  ])("says why nothing fits", (nodes, code, text) => {
    expect(place([request("a")], nodes)).toMatchObject([{ kind: "waits", reason: { code, text } }]);
  });

  it("never exceeds a node's capacity, and uses only nodes that take work", () => {
    fc.assert(
      fc.property(nodesArb, requestsArb, (shapes, wanted) => {
        const nodes = shapes.map((it) => node(it.name, it));
        const used = new Map(nodes.map((it) => [it.id, { cpus: 0, memoryBytes: 0 }]));
        for (const decision of place(named(wanted), nodes)) {
          if (decision.kind !== "placed") continue;
          expect(decision.node.ready && decision.node.schedulable).toBe(true);
          const sum = used.get(decision.node.id);
          if (!sum) throw new Error("placed on a node that is not there");
          sum.cpus += decision.request.size.cpus;
          sum.memoryBytes += decision.request.size.memoryBytes;
          expect(sum.cpus).toBeLessThanOrEqual(decision.node.cpus + 1e-6);
          expect(sum.memoryBytes).toBeLessThanOrEqual(decision.node.memoryBytes);
        }
      }),
    );
  });

  it("gives the same answer for the same input, in whatever order the nodes come", () => {
    fc.assert(
      fc.property(nodesArb, requestsArb, (shapes, wanted) => {
        const nodes = shapes.map((it) => node(it.name, it));
        const turned = place(named(wanted), [...nodes].reverse());
        const chosen = (all: ReturnType<typeof place>) =>
          all.map((it) => (it.kind === "placed" ? it.node.id : it.reason));
        expect(chosen(turned)).toEqual(chosen(place(named(wanted), nodes)));
      }),
    );
  });

  it("places a request that was placeable also after a node is added", () => {
    fc.assert(
      fc.property(nodesArb, requestsArb, (shapes, wanted) => {
        const [first] = named(wanted);
        if (!first) return;
        const nodes = shapes.map((it) => node(it.name, it));
        const before = place([first], nodes);
        const after = place([first], [...nodes, node("zzzzzzz")]);
        if (before[0]?.kind === "placed") expect(after[0]?.kind).toBe("placed");
      }),
    );
  });
});
