import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulate, type PastRequest } from "./simulate.ts";
import { stepMs } from "./queue-order.ts";
import {
  arbNodes,
  arbRequests,
  arbRules,
  hour,
  node,
  ofExperiment,
  request,
  rule,
  situation,
  size,
  when,
} from "./testing.ts";
import type { Request, Rule } from "./types.ts";

const past = (
  id: string,
  queuedAt: number,
  durationMs: number,
  more: Partial<Request> = {},
): PastRequest => ({
  ...request(id, { queuedAt, ...more }),
  durationMs,
});
const one = [node("n1", { cpus: 2 })];
const outcomes = (requests: PastRequest[], rules: Rule[] = [], nodes = one) => [
  ...simulate(requests, situation({ nodes }), rules),
];
const ada = { user: "ada", userId: "ada" };

describe("simulate", () => {
  it("replays requests for as long as each lasted", () => {
    const all = simulate(
      [past("c", 30, 5), past("a", 0, 100), past("b", 10, 50)],
      situation({ nodes: one }),
      [rule("r", {})],
    );
    const rules = ["r"];
    const placed = { kind: "placed", node: "n1", code: null, text: null, rules };
    expect(all.get("a")).toEqual({ ...placed, waitMs: 0 });
    expect(all.get("b")).toEqual({ ...placed, waitMs: 90 });
    expect(all.get("c")).toEqual({ ...placed, waitMs: 120 });
  });

  it("uses the whole capacity, whatever lives or is away now", () => {
    const busy = [
      node("n1", { ready: false, draining: true, allocatedCpus: 8, dedicatedTo: "x9" }),
    ];
    expect(outcomes([past("a", 0, 1)], [], busy)).toMatchObject([["a", { kind: "placed" }]]);
  });

  it("serves in the queue's order: priority, and a share for each person", () => {
    const rules = [when("first", { user: "bob" }, { priority: 1 })];
    const requests = [
      past("a", 0, stepMs * 2, ada),
      past("b", 1, 10, ada),
      past("c", 2, 10),
      past("d", 3, 10, { user: "bob", userId: "bob" }),
    ];
    const starts = (rules: Rule[]) =>
      outcomes(requests, rules).sort(
        ([a, x], [b, y]) =>
          (x.waitMs ?? 0) - (y.waitMs ?? 0) + Number(a.codePointAt(0)) - Number(b.codePointAt(0)),
      );
    const order = (rules: Rule[]) =>
      starts(rules)
        .map(([id, it]) => ({
          id,
          at: (it.waitMs ?? 0) + (requests.find((one) => one.id === id)?.queuedAt ?? 0),
        }))
        .sort((a, b) => a.at - b.at)
        .map((it) => it.id);
    expect(order([])).toEqual(["a", "c", "d", "b"]);
    expect(order(rules)).toEqual(["a", "d", "c", "b"]);
  });

  it("shows what other rules would have made of it", () => {
    const requests = [past("a", 0, 100, ada), past("b", 0, 10, ada)];
    const two = [node("n1", { labels: { zone: "a" } }), node("n2")];
    const wait = rule("one each", { limits: { perPerson: 1 } });
    const never = rule("huge", { resources: { cpus: 100 } });
    const nowhere = rule("moon", { require: "zone=moon" });
    const outcome = (rules: Rule[]) => outcomes(requests, rules, two)[1]?.[1];
    expect(outcome([])).toMatchObject({ kind: "placed", waitMs: 0 });
    expect(outcome([wait])).toMatchObject({ kind: "placed", waitMs: 100, rules: ["one each"] });
    expect(outcome([never])).toMatchObject({ kind: "refused", code: "never_fits", waitMs: null });
    expect(outcome([nowhere])).toMatchObject({
      kind: "waits",
      code: "no_node_matches",
      node: null,
    });
  });

  it("says why what never starts waited last, not at first", () => {
    const rules = [
      rule("one each", { limits: { perPerson: 1 } }),
      when("moon", { environment: "moonlight" }, { require: "zone=moon" }),
    ];
    const all = outcomes(
      [past("a", 0, 100, ada), past("b", 1, 10, { ...ada, environment: "moonlight" })],
      rules,
      [node("n1", { cpus: 2 }), node("n2", { cpus: 2 })],
    );
    expect(all[1]?.[1]).toMatchObject({ kind: "waits", code: "no_node_matches" });
  });

  it("gives a beamtime's node back when the beamtime is over", () => {
    const rules = [rule("beamtime", { dedicate: true })];
    const requests = [
      past("a", 0, 5, ofExperiment("x1")),
      past("b", 10, 5),
      past("c", 20, 5, { ...ofExperiment("x1"), size: size({ cpus: 2 }) }),
    ];
    const all = new Map(outcomes(requests, rules));
    expect(all.get("a")).toMatchObject({ waitMs: 0 });
    expect(all.get("b")).toMatchObject({ waitMs: hour - 10 });
    expect(all.get("c")).toMatchObject({ waitMs: 0 });
  });

  it("sends what still waits for a beamtime's node elsewhere when the beamtime is over", () => {
    const two = [node("n1", { cpus: 2 }), node("n2", { cpus: 2 })];
    const requests = [
      past("a", 0, 2 * hour, ofExperiment("x1")),
      past("b", 10, 5, ofExperiment("x1")),
    ];
    const all = new Map(outcomes(requests, [rule("beamtime", { dedicate: true })], two));
    expect(all.get("b")).toMatchObject({ node: "n2", waitMs: hour - 10 });
  });

  it("starts all that is not refused and could ever start, and never more at once than there is room for", () => {
    const durations = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 25, maxLength: 25 });
    const ages = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 25, maxLength: 25 });
    fc.assert(
      fc.property(
        arbNodes(5),
        arbRules,
        arbRequests(25),
        durations,
        ages,
        (nodes, rules, all, lasts, ages) => {
          const requests = all.map((it, at) => ({
            ...it,
            queuedAt: ages[at] ?? 0,
            durationMs: lasts[at] ?? 0,
          }));
          const outcomes = simulate(requests, situation({ nodes }), rules);
          expect(outcomes.size).toBe(requests.length);
          for (const { kind, code, waitMs } of outcomes.values()) {
            if (kind === "waits")
              expect(["no_nodes", "no_node_matches", "node_dedicated"]).toContain(code);
            expect(waitMs === null).toBe(kind !== "placed");
            expect(waitMs ?? 0).toBeGreaterThanOrEqual(0);
          }
          const cpus = (it: PastRequest) => (rules.length === 0 ? it.size.cpus : 0);
          for (const { name, cpus: has } of nodes)
            for (const at of ages) {
              const running = requests.filter((it) => {
                const outcome = outcomes.get(it.id);
                const start = it.queuedAt + (outcome?.waitMs ?? 0);
                return outcome?.node === name && start <= at && at < start + it.durationMs;
              });
              expect(running.reduce((sum, it) => sum + cpus(it), 0)).toBeLessThanOrEqual(
                has + 1e-6,
              );
            }
        },
      ),
      { numRuns: 300 },
    );
  });
});
