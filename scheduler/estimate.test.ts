import { describe, expect, it } from "vitest";
import { estimateQueue, expectedEnd } from "./estimate.ts";
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
import type { Live, Request, Situation } from "./types.ts";

const minute = 60_000;
const full = [node("n1", { cpus: 4, allocatedCpus: 4 })];
const holds = (id: string, more: Partial<Live> = {}) => live(id, "n1", more);
const estimates = (requests: Request[], more: Partial<Situation>) => [
  ...estimateQueue(requests, situation({ nodes: full, ...more })).values(),
];
const limit = (at: number) => ({ at, basis: "limit" });
const usual = (at: number) => ({ at, basis: "usual" });

describe("expectedEnd", () => {
  it.each([
    [{ placedAt: 0, endsAt: 50, usualMs: 10 }, 5, limit(50)],
    [{ placedAt: 0, endsAt: 50, usualMs: 10 }, 60, limit(60)],
    [{ placedAt: 0, endsAt: null, usualMs: 10 }, 5, usual(10)],
    [{ placedAt: 0, endsAt: null, usualMs: 10 }, 20, usual(25)],
    [{ placedAt: 0, endsAt: null, usualMs: null }, 20, null],
  ])("of %j at %i", (it, now, end) => {
    expect(expectedEnd(it, now)).toEqual(end);
  });
});

describe("estimateQueue", () => {
  it("walks the queue in order against the expected ends", () => {
    const ends = [holds("a", { endsAt: 30 }), holds("b", { usualMs: 20 })];
    expect(estimates([request("q"), request("r"), request("s")], { live: ends })).toEqual([
      usual(20),
      // The node's earlier end was only usual, and so is what starts there after it.
      usual(30),
      usual(40),
    ]);
  });

  it("says now for what fits now, and nothing where nothing is known", () => {
    expect(estimates([request("q")], { nodes: [node("n1")] })).toEqual([limit(0)]);
    expect(estimates([request("q")], { live: [holds("a")] })).toEqual([null]);
    const larger = request("q", { size: size({ cpus: 64 }) });
    expect(estimates([larger], { live: [holds("a", { endsAt: 5 })] })).toEqual([null]);
    expect(estimates([request("q")], { nodes: [] })).toEqual([null]);
    const away = [node("n1", { ready: false })];
    expect(estimates([request("q")], { nodes: away, live: [holds("a", { endsAt: 5 })] })).toEqual([
      null,
    ]);
  });

  it("knows when rules no longer forbid something", () => {
    const until = (at: number) => ({ until: new Date(at).toISOString() });
    const nodes = [node("n1", { labels: { zone: "b2" } }), node("n2", { cpus: 1 })];
    const rules = [when("serviced", until(hour), { require: "!zone" })];
    const large = request("q", { size: size({ cpus: 8 }) });
    expect(estimates([large, request("r", { size: size({ cpus: 1 }) })], { nodes, rules })).toEqual(
      [limit(hour), limit(0)],
    );
    const taken = nodes.map((it) => ({ ...it, allocatedCpus: it.cpus }));
    const ends = [holds("a", { endsAt: 2 * hour, size: size({ cpus: 8 }) })];
    expect(estimates([large], { nodes: taken, rules, live: ends })).toEqual([limit(2 * hour)]);
  });

  it("lets a small one pass where the large one before it waits for more", () => {
    const ends = [holds("a", { endsAt: 10 }), holds("b", { endsAt: 20 })];
    const large = request("q", { size: size({ cpus: 4 }) });
    const known = estimates([large, request("r")], { live: ends });
    // What starts has no known end: then the large one is not known either.
    expect(known).toEqual([null, limit(10)]);
    const rules = [rule("short", { lifetime: { maxMinutes: 1 } })];
    expect(estimates([large, request("r")], { live: ends, rules })).toEqual([
      limit(10 + minute),
      limit(10),
    ]);
  });

  it("counts on what starts to end as well, by its limit or as its like does", () => {
    const ends = [holds("a", { endsAt: 10 })];
    const one = [node("n1", { cpus: 2, allocatedCpus: 2 })];
    const queue = [request("q"), request("r")];
    const rules = [rule("short", { lifetime: { maxMinutes: 1 } })];
    expect(estimates(queue, { nodes: one, live: ends, rules })).toEqual([
      limit(10),
      limit(10 + minute),
    ]);
    const known = [holds("a", { endsAt: 10, usualMs: 500 })];
    expect(estimates(queue, { nodes: one, live: known })).toEqual([limit(10), usual(510)]);
  });

  it("waits for the end that a limit needs, on whatever node", () => {
    const rules = [rule("one", { limits: { perPerson: 1 } })];
    const nodes = [node("n1"), node("n2")];
    const ada = { user: "ada", userId: "ada" };
    const mine = [live("a", "n2", { ...ada, endsAt: 70 })];
    expect(estimates([request("q", ada), request("r", ada)], { nodes, rules, live: mine })).toEqual(
      [limit(70), null],
    );
  });

  it("stays unsure of what has waited for something unsure", () => {
    const rules = [rule("one", { limits: { perPerson: 1 }, lifetime: { maxMinutes: 1 } })];
    const ada = { user: "ada", userId: "ada" };
    const nodes = [node("n1", { cpus: 2, allocatedCpus: 2 }), node("n2", { draining: true })];
    const ends = [live("a", "n2", { ...ada, usualMs: 5 }), holds("b", { endsAt: 10 })];
    // Ada's other one ends about 5, then she waits for room until 10, for sure, and is followed by the next.
    expect(estimates([request("q", ada), request("r")], { nodes, rules, live: ends })).toEqual([
      usual(10),
      usual(10 + minute),
    ]);
  });

  it("keeps a seat again when somebody of a reservation ends", () => {
    const nodes = [node("n1", { cpus: 2, allocatedCpus: 2 })];
    const course = [holds("a", { groupIds: ["course"], endsAt: 10 })];
    const held = [reservation("r", { until: 600 })];
    expect(estimates([request("q")], { nodes, live: course, reservations: held })).toEqual([
      limit(600),
    ]);
  });

  it("waits for GPUs, for the end of a reservation, and of a beamtime", () => {
    const taken = [0, 1].map((slot) => ({ slot, memoryBytes: slot === 0 ? 40 * gib : 0 }));
    const card = node("n1", { gpus: [gpu("GPU-1", { slots: 2, taken })] });
    const holder = holds("a", { endsAt: 10, size: size({ gpus: 1, gpuMemoryBytes: 40 * gib }) });
    const shared = (id: string) =>
      request(id, { size: size({ gpus: 1, gpuMemoryBytes: 20 * gib }) });
    expect(
      estimates([shared("q"), shared("r"), shared("s")], { nodes: [card], live: [holder] }),
    ).toEqual([limit(10), limit(10), null]);
    const held = [reservation("r", { seats: 2, until: 600 })];
    expect(
      estimates([request("q")], { nodes: [node("n1", { cpus: 4 })], reservations: held }),
    ).toEqual([limit(600)]);
    const own = [node("n1", { dedicatedTo: "x1" })];
    const theirs = [holds("a", ofExperiment("x1"))];
    expect(estimates([request("q")], { nodes: own, live: theirs })).toEqual([limit(hour)]);
  });

  it("answers for a long queue", () => {
    const nodes = Array.from({ length: 20 }, (_, at) =>
      node(`n${at}`, { cpus: 4, allocatedCpus: 4 }),
    );
    const ends = nodes.flatMap((it, at) => [
      live(`a${at}`, it.id, { endsAt: at, usualMs: 100 }),
      live(`b${at}`, it.id, { endsAt: 50 + at }),
    ]);
    const queue = Array.from({ length: 400 }, (_, at) => request(`q${at}`));
    const known = estimates(queue, { nodes, live: ends });
    expect(known.every((it) => it !== null)).toBe(true);
    const times = known.map((it) => it?.at ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    // 40 seats, each free again after 100: the tenth of ten generations.
    expect(times.at(-1)).toBe(50 + 19 + 900);
  });
});
