import fc from "fast-check";
import { expect, it } from "vitest";
import { estimateQueue } from "./estimate.ts";
import { gathersForMs, horizonMs, mostGathered, patienceMs } from "./gather.ts";
import { Ahead } from "./limits.ts";
import { place } from "./place.ts";
import {
  gib,
  gpu,
  hour,
  live,
  node,
  request,
  reservation,
  rule,
  situation,
  size,
} from "./testing.ts";
import type { Candidate, Live, Request, Situation } from "./types.ts";

const minute = 60_000;
const now = 10 * minute;
const six = size({ cpus: 6, memoryBytes: gib });
const one = size({ cpus: 1, memoryBytes: gib });
const four = size({ cpus: 4, memoryBytes: gib });

/** A node of eight cores on which one with four lives, until then by its limit. */
const half = (endsAt: number | null, more: Partial<Live> = {}): Partial<Situation> => ({
  now,
  nodes: [node("n1", { allocatedCpus: 4, allocatedMemoryBytes: gib })],
  live: [live("there", "n1", { size: four, endsAt, ...more })],
});
const large = request("large", { size: six, queuedAt: 0 });
const small = (id: string, more = one) => request(id, { size: more, queuedAt: now });

const kinds = (queue: readonly Request[], site: Partial<Situation>, ahead?: Ahead) =>
  place(queue, situation(site), ahead).map((it) =>
    it.kind === "placed" ? it.node.name : it.reason.code,
  );

it("keeps what a large one needs beside what becomes free, and no more", () => {
  // Four become free, so two of the four that are free now have to stay.
  const queue = [large, small("a"), small("b"), small("c")];
  expect(kinds(queue, half(now + hour))).toEqual(["no_capacity", "n1", "n1", "room_gathered"]);
});

it("says so, with figures", () => {
  const [, decision] = place([large, small("a", four)], situation(half(now + hour)));
  expect(decision).toMatchObject({
    kind: "waits",
    reason: { text: "1 node: 1 with the rest kept for somebody who has waited longer" },
  });
});

it("gives it the room when it is there", () => {
  const site = { ...half(null), live: [], nodes: [node("n1", { allocatedCpus: 2 })] };
  expect(kinds([large, small("a")], site)).toEqual(["n1", "no_capacity"]);
});

const passedOver = ["no_capacity", "n1"];
it.each([
  ["who has not waited for long", { queuedAt: now - patienceMs + 1 }, half(now + hour)],
  [
    "who has kept others out for long",
    { queuedAt: now - patienceMs - gathersForMs - 1 },
    half(now + hour),
  ],
  ["where an end is too far away", {}, half(now + horizonMs + 1)],
  ["where nobody knows when it ends", {}, half(null)],
  ["where what usually is over goes on", {}, half(null, { placedAt: 0, usualMs: now })],
])("gathers nothing for %s", (_, more, site) => {
  expect(kinds([{ ...large, ...more }, small("a", four)], site)).toEqual(passedOver);
});

it("goes by how long its like usually lasts where there is no limit", () => {
  const site = half(null, { placedAt: 0, usualMs: now + hour });
  expect(kinds([large, small("a", four)], site)).toEqual(["no_capacity", "room_gathered"]);
});

it("gathers where there will be room first", () => {
  const full = { allocatedCpus: 4, allocatedMemoryBytes: gib };
  const site = {
    now,
    nodes: [node("n1", full), node("n2", full), node("n3", { ...full, draining: true })],
    live: [90, 30, 1].map((minutes, at) =>
      live(`l${at}`, `n${at + 1}`, { size: four, endsAt: now + minutes * minute }),
    ),
  };
  expect(kinds([large, small("a", four), small("b", four)], site)).toEqual([
    "no_capacity",
    "n1",
    "room_gathered",
  ]);
});

it("gathers nothing where room is kept for a reservation, or for others alone", () => {
  const site = half(now + hour);
  const held = { ...site, reservations: [reservation("r", { size: one })] };
  expect(kinds([large, small("a", size({ cpus: 3, memoryBytes: gib }))], held)).toEqual(passedOver);
  const owned: Candidate[] = [node("n1", { ...site.nodes?.[0], dedicatedTo: "x1" })];
  const theirs = request("theirs", { size: four, experimentId: "x1", experiment: "x1" });
  expect(kinds([large, theirs], { ...site, nodes: owned })).toEqual(["node_dedicated", "n1"]);
});

it("keeps whole GPUs that are free, and lets others use the rest of the node", () => {
  const whole = size({ cpus: 1, memoryBytes: gib, gpus: 2 });
  const taken = [{ slot: 0, memoryBytes: 40 * gib }];
  const site: Partial<Situation> = {
    now,
    nodes: [node("n1", { gpus: [gpu("g1", { taken }), gpu("g2")], allocatedCpus: 1 })],
    live: [
      live("there", "n1", {
        size: size({ cpus: 1, memoryBytes: gib, gpus: 1, gpuMemoryBytes: 40 * gib }),
        endsAt: now + hour,
      }),
    ],
  };
  const both = request("both", { size: whole });
  const share = small("share", size({ cpus: 1, memoryBytes: gib, gpus: 1, gpuMemoryBytes: gib }));
  expect(kinds([both, share, small("plain")], site)).toEqual([
    "no_capacity",
    "room_gathered",
    "n1",
  ]);
  expect(kinds([share, small("plain")], site)).toEqual(["n1", "n1"]);
});

it("holds over the pages of a walk, and no longer than it waits", () => {
  const site = half(now + hour);
  const ahead = new Ahead();
  expect(kinds([large], site, ahead)).toEqual(["no_capacity"]);
  expect(kinds([small("a", four)], site, ahead)).toEqual(["room_gathered"]);
  const again = new Ahead();
  expect(kinds([], site, again)).toEqual([]);
  ahead.takeOver(["large"], again);
  expect(kinds([small("a", four)], site, ahead)).toEqual(["n1"]);
});

it("gathers on a few nodes only", () => {
  expect([1, 39, 40, 200, 10_000].map(mostGathered)).toEqual([1, 1, 2, 10, 10]);
  const full = { allocatedCpus: 4, allocatedMemoryBytes: gib };
  const site = {
    now,
    nodes: [node("n1", full), node("n2", full)],
    live: ["n1", "n2"].map((it) => live(it, it, { size: four, endsAt: now + hour })),
  };
  const other = request("other", { size: six, queuedAt: 1 });
  expect(kinds([large, other, small("a", four), small("b", four)], site)).toEqual([
    "no_capacity",
    "no_capacity",
    "n2",
    "room_gathered",
  ]);
});

it("is in the estimates: the large one first, and behind it who was kept off", () => {
  const queue = [large, small("a", four)];
  const limited = [rule("an hour", { lifetime: { maxMinutes: 60 } })];
  const site = situation({ ...half(now + 30 * minute), rules: limited });
  expect(estimateQueue(queue, site)).toEqual(
    new Map([
      ["large", { at: now + 30 * minute, basis: "limit" }],
      ["a", { at: now + 90 * minute, basis: "limit" }],
    ]),
  );
});

interface Standing extends Live {
  readonly endsAt: number;
}

/** Minute by minute: who comes, who ends, and what is placed. @returns the minute at which the large one was placed */
function minutesUntilPlaced(
  arrivals: readonly number[],
  lifeMinutes: number,
  nodes: number,
): number {
  const rules = [rule("limit", { lifetime: { maxMinutes: lifeMinutes } })];
  let lives: Standing[] = [];
  let queue: Request[] = [];
  for (let at = 0; at < arrivals.length; at++) {
    const time = at * minute;
    lives = lives.filter((it) => it.endsAt > time);
    // The site is busy already when the large one comes; nobody stands before it.
    if (at === 10) queue = [request("large", { size: six, queuedAt: time })];
    for (let n = 0; n < (arrivals[at] ?? 0); n++)
      queue.push(request(`s${at}-${n}`, { size: one, queuedAt: time }));
    const site = Array.from({ length: nodes }, (_, n) => {
      const there = lives.filter((it) => it.nodeId === `n${n}`).length;
      return node(`n${n}`, { allocatedCpus: there, allocatedMemoryBytes: there * gib });
    });
    const decisions = place(queue, situation({ now: time, nodes: site, live: lives, rules }));
    for (const it of decisions) {
      if (it.kind !== "placed") continue;
      if (it.request.id === "large") return at;
      const endsAt = time + lifeMinutes * minute;
      lives.push({ ...live(it.request.id, it.node.id, { size: it.size }), endsAt });
    }
    const waits = new Set(decisions.flatMap((it) => (it.kind === "waits" ? [it.request.id] : [])));
    queue = queue.filter((it) => waits.has(it.id));
  }
  return Infinity;
}

it("leaves nothing large behind for longer than a lifetime, however many small ones come", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 120, maxLength: 120 }),
      fc.integer({ min: 5, max: 60 }),
      fc.integer({ min: 1, max: 3 }),
      (arrivals, life, nodes) => {
        const placed = minutesUntilPlaced(arrivals, life, nodes);
        expect(placed).toBeLessThanOrEqual(10 + patienceMs / minute + life + 1);
      },
    ),
    { numRuns: 60 },
  );
});
