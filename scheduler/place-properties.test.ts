import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Decision } from "./decision.ts";
import { place } from "./place.ts";
import {
  arbNodes,
  arbRequests,
  arbReservations,
  arbRules,
  arbSituation,
  gib,
  gpu,
  node,
  request,
  rule,
  situation,
  size,
} from "./testing.ts";
import type { Candidate, Request } from "./types.ts";

const outcomes = (decisions: readonly Decision[]) =>
  decisions.map((it) =>
    it.kind === "placed"
      ? { node: it.node.id, gpus: it.gpus, best: it.best, refused: it.refused, rules: it.rules }
      : it.reason,
  );
const placed = (decisions: readonly Decision[]) =>
  decisions.flatMap((it) => (it.kind === "placed" ? [it] : []));
const used = (decisions: readonly Decision[]) =>
  new Set(placed(decisions).map((it) => it.node.id)).size;

function checkNode(one: Candidate, here: ReturnType<typeof placed>) {
  if (here.length === 0) return;
  expect(one.ready && one.schedulable && !one.draining).toBe(true);
  const sum = (of: (it: (typeof here)[number]) => number) =>
    here.reduce((all, it) => all + of(it), 0);
  expect(one.allocatedCpus + sum((it) => it.size.cpus)).toBeLessThanOrEqual(one.cpus + 1e-6);
  expect(one.allocatedMemoryBytes + sum((it) => it.size.memoryBytes)).toBeLessThanOrEqual(
    one.memoryBytes,
  );
  for (const card of one.gpus) {
    const shares = here.flatMap((it) => it.gpus.filter((grant) => grant.uuid === card.uuid));
    const taken = [...card.taken, ...shares.flatMap((it) => it.shares)];
    if (shares.length > 0) expect(card.present).toBe(true);
    if (shares.length === 0) continue;
    expect(new Set(taken.map((it) => it.slot)).size).toBe(taken.length);
    expect(Math.max(...taken.map((it) => it.slot))).toBeLessThan(card.slots);
    expect(taken.reduce((all, it) => all + it.memoryBytes, 0)).toBeLessThanOrEqual(
      card.memoryBytes,
    );
  }
  for (const it of here) {
    expect(it.gpus).toHaveLength(it.size.gpus);
    expect(it.gpus.every(({ uuid }) => one.gpus.some((card) => card.uuid === uuid))).toBe(true);
  }
}

describe("placing, whatever the site and its rules", () => {
  it("never takes more of a node than it has: cores, memory, GPUs' slots and memory", () => {
    fc.assert(
      fc.property(arbSituation, arbRequests(30), (site, requests) => {
        const decisions = placed(place(requests, site));
        for (const one of site.nodes)
          checkNode(
            one,
            decisions.filter((it) => it.node.id === one.id),
          );
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same answer for the same input, in whatever order nodes, rules and reservations come", () => {
    fc.assert(
      fc.property(arbSituation, arbRequests(), (site, requests) => {
        const turned = {
          ...site,
          nodes: site.nodes.map((it) => ({ ...it, gpus: it.gpus.toReversed() })).reverse(),
          rules: site.rules.toReversed(),
          reservations: site.reservations.toReversed(),
        };
        const names = (all: readonly Decision[]) =>
          outcomes(all).map((it) =>
            "best" in it
              ? { ...it, best: it.best.map(({ node, ...rest }) => ({ ...rest, node: node.id })) }
              : it,
          );
        expect(names(place(requests, turned))).toEqual(names(place(requests, site)));
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same answer where two nodes have one name", () => {
    const nodes = [node("b", { name: "same" }), node("a", { name: "same" })];
    for (const order of [nodes, nodes.toReversed()])
      expect(placed(place([request("q")], situation({ nodes: order })))[0]?.node.id).toBe("a");
  });

  it("changes nothing that it was given", () => {
    fc.assert(
      fc.property(arbSituation, arbRequests(), (site, requests) => {
        const before = structuredClone({ site, requests });
        place(requests, site);
        expect({ site, requests }).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it("takes only nodes that all matching rules admit", () => {
    fc.assert(
      fc.property(arbNodes(), arbRequests(), (nodes, requests) => {
        const rules = [rule("a", { require: "zone in (a,b)" }), rule("b", { require: "zone!=b" })];
        for (const it of placed(place(requests, situation({ nodes, rules }))))
          expect(it.node.labels).toEqual({ zone: "a" });
      }),
    );
  });

  it("never puts anybody else on a node that is an experiment's own", () => {
    const rules = [rule("beamtime", { dedicate: true })];
    fc.assert(
      fc.property(arbNodes(), arbRequests(30), (nodes, requests) => {
        const owners = new Map(nodes.map((it) => [it.id, it.dedicatedTo]));
        for (const it of placed(place(requests, situation({ nodes, rules })))) {
          const { experimentId } = it.request;
          if (it.dedicate) {
            expect(owners.get(it.node.id)).toBeNull();
            owners.set(it.node.id, experimentId);
          }
          expect(owners.get(it.node.id)).toBe(experimentId);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("a further node", () => {
  /**
   * It holds for the request whose turn it is, with any rules, with beamtimes, and with one reservation.
   * For those behind it does not: what is before them may go elsewhere, and several reservations may
   * change places.
   */
  it("never makes what has a place lose it", () => {
    fc.assert(
      fc.property(arbNodes(), arbNodes(1), arbRules, arbReservations, arbRequests(1), (...all) => {
        const [nodes, [more], rules, reservations, [first]] = all;
        if (!first || !more) return;
        const site = situation({ nodes, rules, reservations });
        const before = place([first], site);
        const further = { ...more, id: `${more.id}!`, name: `${more.name}!` };
        const [after] = place([first], { ...site, nodes: [...nodes, further] });
        if (before[0]?.kind === "placed") expect(after?.kind).toBe("placed");
      }),
      { numRuns: 2000 },
    );
  });
});

const requestsArb: fc.Arbitrary<Request[]> = fc
  .array(fc.constantFrom(0.5, 1, 2, 4), { minLength: 1, maxLength: 40 })
  .map((all) =>
    all.map((cpus, at) => request(`q${at}`, { size: size({ cpus, memoryBytes: gib }) })),
  );

describe("strategies", () => {
  const nodes = Array.from({ length: 8 }, (_, at) =>
    node(`n${at}`, { cpus: 8, memoryBytes: 64 * gib }),
  );
  const by = (strategy: "pack" | "spread") => [rule("r", { strategy })];

  it("pack takes no more nodes than spread", () => {
    fc.assert(
      fc.property(requestsArb, (requests) => {
        const packed = place(requests, situation({ nodes, rules: by("pack") }));
        const spread = place(requests, situation({ nodes, rules: by("spread") }));
        if (placed(packed).length === placed(spread).length)
          expect(used(packed)).toBeLessThanOrEqual(used(spread));
        expect(placed(packed).length).toBeGreaterThanOrEqual(placed(spread).length);
      }),
    );
  });

  it("pack keeps whole GPUs free", () => {
    const cards = (name: string) => [0, 1].map((at) => gpu(`GPU-${name}-${at}`, { slots: 4 }));
    const sites = ["n1", "n2", "n3"].map((name) =>
      node(name, { cpus: 64, memoryBytes: 256 * gib, gpus: cards(name) }),
    );
    const tenth = (id: string) =>
      request(id, { size: size({ gpus: 1, gpuMemoryBytes: 10 * gib }) });
    const shares = Array.from({ length: 8 }, (_, at) => tenth(`s${at}`));
    const wholes = Array.from({ length: 4 }, (_, at) =>
      request(`w${at}`, { size: size({ gpus: 1 }) }),
    );
    const decisions = place([...shares, ...wholes], situation({ nodes: sites, rules: by("pack") }));
    expect(placed(decisions)).toHaveLength(12);
    expect(
      new Set(
        placed(decisions)
          .slice(0, 8)
          .map((it) => it.node.id),
      ).size,
    ).toBe(1);
  });

  it("spread keeps equal nodes within one request of each other", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 32 }), (count) => {
        const requests = Array.from({ length: count }, (_, at) => request(`q${at}`));
        const decisions = placed(place(requests, situation({ nodes })));
        expect(decisions).toHaveLength(count);
        const counts = nodes.map((it) => decisions.filter((one) => one.node.id === it.id).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("preferences rank: of nodes that are alike the one with more points has it", () => {
    const points = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(points, fc.boolean(), (weights, pack) => {
        const labelled = nodes.map((it, at) => ({ ...it, labels: { own: `l${at}` } }));
        const prefer = weights.map((weight, at) => ({ selector: `own=l${at}`, weight }));
        const rules = [rule("r", { prefer, strategy: pack ? "pack" : "spread" })];
        const [first] = placed(place([request("a")], situation({ nodes: labelled, rules })));
        expect(first?.node.name).toBe(`n${weights.indexOf(Math.max(...weights))}`);
        const best = first?.best.map((it) => weights[Number(it.node.name.slice(1))]);
        expect(best).toEqual(weights.toSorted((a, b) => b - a).slice(0, 5));
      }),
    );
  });

  it("lines add up to the score", () => {
    fc.assert(
      fc.property(arbSituation, arbRequests(), (site, requests) => {
        for (const { best } of placed(place(requests, site)))
          for (const { score, lines } of best)
            expect(score).toBeCloseTo(
              lines.reduce((sum, it) => sum + it.points, 0),
              5,
            );
      }),
    );
  });
});
