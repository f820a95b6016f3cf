import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ahead } from "./limits.ts";
import { place } from "./place.ts";
import { ruleMatches } from "./rules.ts";
import {
  arbNodes,
  arbRequests,
  live,
  node,
  ofExperiment,
  request,
  rule,
  situation,
  size,
  when,
} from "./testing.ts";
import type { Attributes, RuleLimits } from "./types.ts";

const nodes = [node("n1", { cpus: 64 })];
const ada = { user: "ada", userId: "ada" };
const bob = { user: "bob", userId: "bob" };
const texts = (...[requests, site]: Parameters<typeof place>) =>
  place(requests, site).map((it) => (it.kind === "placed" ? it.node.name : it.reason.text));

describe("limits", () => {
  it("count what lives and what was placed before, each by its scope", () => {
    const limits: [RuleLimits, string][] = [
      [{ perPerson: 2 }, 'rule "r" allows 2 at once per person: 2 of ada live'],
      [{ perExperiment: 2 }, 'rule "r" allows 2 at once per experiment: 2 of x1 live'],
      [{ perBeamline: 2 }, 'rule "r" allows 2 at once per beamline: 2 of b1 live'],
      [{ total: 2 }, 'rule "r" allows 2 at once: 2 live'],
    ];
    const mine = { ...ada, ...ofExperiment("x1") };
    for (const [limit, text] of limits) {
      const site = situation({
        nodes,
        rules: [rule("r", { limits: limit })],
        live: [live("l", "n1", mine)],
      });
      const requests = [
        request("a", mine),
        request("b", mine),
        request("c", { ...bob, ...ofExperiment("x2"), beamlineId: "b2" }),
      ];
      const third = limit.total === undefined ? "n1" : text;
      expect(texts(requests, site)).toEqual(["n1", text, third]);
      expect(place(requests, site)[1]).toMatchObject({
        kind: "waits",
        reason: { code: "limit_reached" },
      });
    }
  });

  it("count only what their rule matches", () => {
    const rules = [when("r", { environment: "mate" }, { limits: { perPerson: 1 } })];
    const other = live("l", "n1", { ...ada, environment: "kde" });
    const requests = [
      request("a", ada),
      request("b", { ...ada, environment: "kde" }),
      request("c", ada),
    ];
    expect(texts(requests, situation({ nodes, rules, live: [other] }))).toEqual([
      "n1",
      "n1",
      'rule "r" allows 1 at once per person: 1 of ada live',
    ]);
  });

  it("do not look at what has no experiment", () => {
    const rules = [rule("r", { limits: { perExperiment: 1, perBeamline: 1 } })];
    expect(texts([request("a"), request("b")], situation({ nodes, rules }))).toEqual(["n1", "n1"]);
  });

  it("keep the place of what waits for room, and of nothing that waits for something else", () => {
    const rules = [
      rule("all", { limits: { total: 2 } }),
      when("one", { user: "ada" }, { limits: { perPerson: 1 } }),
    ];
    const small = [node("n1", { cpus: 4 }), node("n2", { cpus: 8, allocatedCpus: 8 })];
    const large = request("large", { size: size({ cpus: 6 }) });
    const requests = [large, request("a", ada), request("b", bob)];
    expect(texts(requests, situation({ nodes: small, rules }))).toEqual([
      "2 nodes: 2 without enough free CPU",
      "n1",
      'rule "all" allows 2 at once: 1 live, 1 ahead in the queue',
    ]);
    // The second of ada waits for her first to end: that must not stop bob.
    const twice = [request("a", ada), request("b", ada), request("c", bob)];
    expect(texts(twice, situation({ nodes: small, rules })).at(2)).toBe("n1");
  });

  it("keep it from one page of the queue to the next, and nobody is ahead of themselves", () => {
    const rules = [rule("all", { limits: { total: 2 } })];
    const site = (free: number) =>
      situation({ nodes: [node("n1", { cpus: 8, allocatedCpus: 8 - free })], rules });
    const large = request("large", { size: size({ cpus: 6 }) });
    const ahead = new Ahead();
    const first = place([large], site(4), { ahead });
    expect(first).toMatchObject([{ kind: "waits", reason: { code: "no_capacity" } }]);
    const next = situation({ ...site(2), live: [live("l", "n1")] });
    expect(place([request("b", bob)], next, { ahead })).toMatchObject([
      { reason: { text: 'rule "all" allows 2 at once: 1 live, 1 ahead in the queue' } },
    ]);
    // The page on which it stands is looked at again.
    expect(place([large], site(6), { ahead })).toMatchObject([{ kind: "placed" }]);
    expect(place([request("b", bob)], next, { ahead })).toMatchObject([{ kind: "placed" }]);
  });

  it("hold, whatever is asked for", () => {
    const limit = fc.record(
      {
        perPerson: fc.integer({ min: 1, max: 3 }),
        perExperiment: fc.integer({ min: 1, max: 3 }),
        total: fc.integer({ min: 1, max: 6 }),
      },
      { requiredKeys: [] },
    );
    const condition = fc.constantFrom({}, { environment: "mate" }, { user: ["user-1", "user-2"] });
    fc.assert(
      fc.property(
        arbNodes(),
        arbRequests(30),
        limit,
        condition,
        (nodes, requests, limits, when) => {
          const limited = rule("r", { limits }, { when });
          const started = place(requests, situation({ nodes, rules: [limited] })).filter(
            (it) => it.kind === "placed" && ruleMatches(limited, it.request, 0),
          );
          const most = (by: (it: Attributes) => string | null) => {
            const keys = started.map((it) => by(it.request)).filter((it) => it !== null);
            return Math.max(0, ...keys.map((key) => keys.filter((it) => it === key).length));
          };
          expect(started.length).toBeLessThanOrEqual(limits.total ?? Infinity);
          expect(most((it) => it.userId)).toBeLessThanOrEqual(limits.perPerson ?? Infinity);
          expect(most((it) => it.experimentId)).toBeLessThanOrEqual(
            limits.perExperiment ?? Infinity,
          );
        },
      ),
    );
  });
});
