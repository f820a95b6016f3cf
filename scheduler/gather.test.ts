import fc from "fast-check";
import { expect, it } from "vitest";
import { estimateQueue } from "./estimate.ts";
import { graceMs, horizonMs, mostGathered, patienceMs, pauseMs, type Begun } from "./gather.ts";
import { place } from "./place.ts";
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
} from "./testing.ts";
import type { Candidate, Gathered, Live, Request, Situation } from "./types.ts";
import { whatIf } from "./what-if.ts";

const minute = 60_000;
const now = 10 * minute;
const cores = (cpus: number) => size({ cpus, memoryBytes: gib });

/** A node of eight cores on which one with four lives, until then by its limit. */
const half = (endsAt: number | null, more: Partial<Live> = {}): Partial<Situation> => ({
  now,
  nodes: [node("n1", { allocatedCpus: 4, allocatedMemoryBytes: gib })],
  live: [live("there", "n1", { size: cores(4), endsAt, ...more })],
});
const large = request("large", { size: cores(6), queuedAt: 0 });
const small = (id: string, cpus = 1) => request(id, { size: cores(cpus), queuedAt: now });
const gathered = (requestId: string, nodeId: string, until = now + hour): Gathered => ({
  requestId,
  userId: `user-${requestId}`,
  experimentId: null,
  nodeId,
  until,
});

const decide = (queue: readonly Request[], site: Partial<Situation>) =>
  place(queue, situation(site), { gathers: true });
const kinds = (queue: readonly Request[], site: Partial<Situation>) =>
  decide(queue, site).map((it) => (it.kind === "placed" ? it.node.name : it.reason.code));
const begun = (queue: readonly Request[], site: Partial<Situation>) =>
  decide(queue, site).map((it) => (it.kind === "waits" ? (it.begun ?? null) : null));

it("closes the node to those behind, until a while after there is to be room", () => {
  const queue = [large, small("a")];
  const site = half(now + hour / 2);
  expect(kinds(queue, site)).toEqual(["no_capacity", "room_gathered"]);
  expect(begun(queue, site)).toEqual([
    { nodeId: "n1", until: now + hour / 2 + graceMs } satisfies Begun,
    null,
  ]);
});

it("says so, to both", () => {
  expect(decide([large, small("a")], half(now + hour / 2))).toMatchObject([
    { reason: { text: "1 node: 1 without enough free CPU; room is gathered for it on n1" } },
    { reason: { text: "1 node: 1 with the rest kept for somebody who has waited longer" } },
  ]);
});

it("closes it to nobody in front", () => {
  expect(kinds([small("a"), large, small("b")], half(now + hour / 2))).toEqual([
    "n1",
    "no_capacity",
    "room_gathered",
  ]);
});

const passedOver = ["no_capacity", "n1"];
const site = half(now + hour / 2);
it.each([
  ["who has not waited for long", { queuedAt: now - patienceMs + 1 }, site],
  ["where an end is too far away", {}, half(now + horizonMs + 1)],
  ["where nobody knows when it ends", {}, half(null)],
  ["where what usually is over goes on", {}, half(null, { placedAt: 0, usualMs: now })],
  ["where what should have ended long ago does not", {}, { ...half(-minute) }],
  [
    "who has just had a time in vain",
    {},
    { ...site, gathered: [gathered("large", "n1", now - 1)] },
  ],
  [
    "who needs no more than what ends leaves",
    { size: cores(4), queuedAt: 0 },
    {
      ...site,
      nodes: [node("n1", { allocatedCpus: 5, allocatedMemoryBytes: gib })],
    },
  ],
  [
    "where room is kept for a reservation",
    {},
    {
      ...site,
      reservations: [reservation("r", { size: cores(1) })],
    },
  ],
])("begins nothing for %s", (_, more, site) => {
  const queue = [{ ...large, ...more }, small("a")];
  expect(begun(queue, site)).toEqual([null, null]);
  expect(kinds(queue, site)).toEqual(passedOver);
});

it("leaves a node on which somebody has waited in vain to others for a while", () => {
  const after = (ms: number) => ({ ...three, gathered: [gathered("other", "n2", now - ms)] });
  expect(begun([large], after(pauseMs - 1))).toMatchObject([{ nodeId: "n1" }]);
  expect(begun([large], after(pauseMs))).toMatchObject([{ nodeId: "n2" }]);
});

it("begins again after the pause", () => {
  const over = [gathered("large", "n1", now - pauseMs)];
  expect(begun([large], { ...site, gathered: over })).toMatchObject([{ nodeId: "n1" }]);
});

it("goes by how long its like usually lasts where there is no limit", () => {
  const usual = half(null, { placedAt: 0, usualMs: now + hour / 2 });
  expect(kinds([large, small("a")], usual)).toEqual(["no_capacity", "room_gathered"]);
});

const full = { allocatedCpus: 4, allocatedMemoryBytes: gib };
const three: Partial<Situation> = {
  now,
  nodes: [node("n1", full), node("n2", full), node("n3", { ...full, draining: true })],
  live: [50, 30, 1].map((minutes, at) =>
    live(`l${at}`, `n${at + 1}`, { size: cores(4), endsAt: now + minutes * minute }),
  ),
};

it("chooses where there will be room first, of nodes that take it", () => {
  expect(begun([large], three)).toMatchObject([{ nodeId: "n2" }]);
});

it("stays with the node that was chosen, whatever ends first now", () => {
  const queue = [large, small("a", 4), small("b", 4)];
  const chosen = { ...three, gathered: [gathered("large", "n1")] };
  expect(begun(queue, chosen)).toEqual([null, null, null]);
  expect(kinds(queue, chosen)).toEqual(["no_capacity", "n2", "room_gathered"]);
});

it("opens it when the request is placed, there or elsewhere, waits for something else, or may not go there", () => {
  const chosen = { ...three, gathered: [gathered("large", "n1")] };
  const free = { ...chosen, nodes: [node("n1", full), node("n2")] };
  expect(kinds([large, small("a", 4)], free)).toEqual(["n2", "n1"]);
  const rules = [rule("none", { limits: { total: 0 } }, { when: { user: "user-large" } })];
  expect(kinds([large, small("a", 4)], { ...chosen, rules })).toEqual(["limit_reached", "n1"]);
  const elsewhere = [rule("zone", { require: "zone=b" }, { when: { user: "user-large" } })];
  const labelled = [node("n1", full), node("n2", { ...full, labels: { zone: "b" }, cpus: 6 })];
  const moved = { ...chosen, rules: elsewhere, nodes: labelled, live: [] };
  expect(kinds([large, small("a", 4)], moved)).toEqual(["no_capacity", "n1"]);
});

it("is over when its time is, or its node is away", () => {
  const late = { ...site, live: [], gathered: [gathered("large", "n1", now)] };
  expect(kinds([large, small("a")], late)).toEqual(passedOver);
  const away = { ...three, gathered: [gathered("large", "n3")] };
  // It is for no fault of its own, so it has another at once.
  expect(begun([large], away)).toMatchObject([{ nodeId: "n2" }]);
  expect(kinds([large, small("a", 4)], away)).toEqual(["no_capacity", "n1"]);
});

it("gives way to a reservation that has come to keep room there, and to a beamtime", () => {
  const held = { ...site, gathered: [gathered("large", "n1")] };
  const seats = [reservation("r", { size: cores(4), seats: 1 })];
  const insider = request("insider", { size: cores(4), queuedAt: now, groupIds: ["course"] });
  expect(kinds([large, insider], { ...held, reservations: seats })).toEqual(["no_capacity", "n1"]);
  const rules = [rule("own", { dedicate: true }, { when: { experiment: "x1" } })];
  const theirs = request("theirs", { size: cores(2), queuedAt: now, ...ofExperiment("x1") });
  expect(kinds([large, theirs], { ...held, rules })).toEqual(["no_capacity", "n1"]);
  const owned = [node("n1", { ...full, dedicatedTo: "x1" })];
  expect(kinds([theirs], { ...held, nodes: owned })).toEqual(["n1"]);
});

it("counts for who stands in front of it, and keeps the node from none of these", () => {
  const behind = { ...three, gathered: [{ ...gathered("large", "n2"), behind: true }] };
  expect(kinds([small("a", 4), small("b", 4)], behind)).toEqual(["n1", "n2"]);
  const urgent = request("urgent", { size: cores(6), queuedAt: 0 });
  // One node is all that three may have.
  expect(begun([urgent], behind)).toEqual([null]);
});

it("begins nothing where something as large ends later, be that of whole GPUs", () => {
  const later = [
    live("tiny", "n1", { size: cores(1), endsAt: now + 5 * minute }),
    live("large", "n1", { size: cores(7), endsAt: now + hour / 2 }),
  ];
  const nodes = [node("n1", { allocatedCpus: 8, allocatedMemoryBytes: 2 * gib })];
  expect(begun([large], { now, nodes, live: later })).toEqual([null]);
  const taken = [{ slot: 0, memoryBytes: 40 * gib }];
  const card = { cpus: 1, memoryBytes: gib, gpus: 1 };
  // As the database tells it: so much memory of it as the whole GPU has.
  const whole = live("there", "n1", {
    size: size({ ...card, gpuMemoryBytes: 40 * gib }),
    endsAt: now + hour / 2,
  });
  const gpus = [gpu("g1", { taken })];
  const next = request("next", { size: size({ ...card, gpuMemoryBytes: null }) });
  expect(begun([next], { now, nodes: [node("n1", { gpus })], live: [whole] })).toEqual([null]);
});

it("is kept for who is not looked at now, also where somebody asks what if", () => {
  const held = { ...site, gathered: [gathered("large", "n1")] };
  expect(kinds([small("a")], held)).toEqual(["room_gathered"]);
  expect(whatIf(small("a"), situation(held))).toMatchObject([
    { refusedBy: "gathered", text: expect.stringContaining("has waited longer") },
  ]);
});

it("is one node for each person, and few in all", () => {
  expect([1, 39, 40, 200, 10_000].map(mostGathered)).toEqual([1, 1, 2, 10, 10]);
  const nodes = Array.from({ length: 40 }, (_, n) => node(`n${n + 10}`, full));
  const lives = nodes.map((it) => live(it.id, it.id, { size: cores(4), endsAt: now + hour / 2 }));
  const many = { now, nodes, live: lives };
  const mine = { user: "user-large", userId: "user-large" };
  const others = ["b", "c"].map((id) => request(id, { size: cores(6), queuedAt: 1 }));
  const nodesOf = (queue: Request[]) => begun(queue, many).map((it) => it?.nodeId ?? null);
  expect(nodesOf([large, { ...large, id: "l2", ...mine }, ...others])).toEqual([
    "n10",
    null,
    "n11",
    null,
  ]);
});

it("looks at how GPUs become free", () => {
  const gpus = [gpu("g1", { taken: [{ slot: 0, memoryBytes: 40 * gib }] }), gpu("g2")];
  const card = size({ cpus: 1, memoryBytes: gib, gpus: 1, gpuMemoryBytes: 40 * gib });
  const cards = (endsAt: number | null): Partial<Situation> => ({
    now,
    nodes: [node("n1", { gpus, allocatedCpus: 1 })],
    live: [live("there", "n1", { size: card, endsAt })],
  });
  const both = request("both", { size: size({ cpus: 1, memoryBytes: gib, gpus: 2 }) });
  expect(begun([both], cards(now + hour / 2))).toMatchObject([{ nodeId: "n1" }]);
  expect(begun([both], cards(null))).toEqual([null]);
});

it("is over where a GPU that it would take is away", () => {
  const held = (present: boolean): Partial<Situation> => ({
    now,
    nodes: [node("n1", { gpus: [gpu("g1", { present, taken: [{ slot: 0, memoryBytes: gib }] })] })],
    gathered: [gathered("card", "n1")],
  });
  const card = request("card", { size: size({ gpus: 1 }), queuedAt: 0 });
  expect(kinds([card, small("a")], held(true))).toEqual(["no_capacity", "room_gathered"]);
  expect(kinds([card, small("a")], held(false))).toEqual(["no_capacity", "n1"]);
});

it("asks all nodes for a few requests in a round only", () => {
  const nodes = Array.from({ length: 400 }, (_, n) => node(`n${n}`, full));
  const lives = nodes.map((it) => live(it.id, it.id, { size: cores(4), endsAt: now + hour / 2 }));
  const queue = Array.from({ length: 8 }, (_, n) =>
    request(`q${n}`, { size: size({ cpus: 6, memoryBytes: (n + 1) * gib }) }),
  );
  const all = begun(queue, { now, nodes, live: lives });
  expect(all.filter((it) => it !== null)).toHaveLength(4);
});

it("is in the estimates: the large one first, and behind it who is kept off", () => {
  const rules = [rule("hours", { lifetime: { maxMinutes: 240 } })];
  const two = [10, 20].map((minutes) =>
    live(`l${minutes}`, "n1", { size: cores(2), endsAt: now + minutes * minute }),
  );
  const whole = request("whole", { size: cores(8), queuedAt: 0 });
  const busy = {
    ...half(null),
    live: two,
    rules,
    gathered: [gathered("whole", "n1")],
  };
  const queue = [whole, small("a", 2), small("b", 2)];
  const at = (minutes: number) => ({ at: now + minutes * minute, basis: "limit" as const });
  expect(estimateQueue(queue, situation(busy))).toEqual(
    new Map([
      ["whole", at(20)],
      ["a", at(260)],
      ["b", at(260)],
    ]),
  );
});

it("is over in the estimates when its time is", () => {
  const short = { ...site, live: [], gathered: [gathered("large", "n1", now + minute)] };
  expect(estimateQueue([large, small("a")], situation(short))).toEqual(
    new Map([
      ["large", null],
      ["a", { at: now + minute, basis: "limit" }],
    ]),
  );
});

it("holds up nobody for ever who needs the same and stands before", () => {
  const urgent = request("urgent", { size: cores(6), queuedAt: now - minute });
  const held = { ...site, gathered: [gathered("large", "n1", now + 3 * hour)] };
  const estimates = estimateQueue([urgent, large], situation(held));
  expect([...estimates]).toEqual([
    ["urgent", { at: now + hour / 2, basis: "limit" }],
    ["large", null],
  ]);
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
  let kept: Gathered[] = [];
  for (let at = 0; at < arrivals.length; at++) {
    const time = at * minute;
    lives = lives.filter((it) => it.endsAt > time);
    // The site is busy already when the large one comes; nobody stands before it.
    if (at === 10) queue = [request("large", { size: cores(6), queuedAt: time })];
    for (let n = 0; n < (arrivals[at] ?? 0); n++)
      queue.push(request(`s${at}-${n}`, { size: cores(1), queuedAt: time }));
    const all: Candidate[] = Array.from({ length: nodes }, (_, n) => {
      const there = lives.filter((it) => it.nodeId === `n${n}`).length;
      return node(`n${n}`, { allocatedCpus: there, allocatedMemoryBytes: there * gib });
    });
    const decisions = decide(queue, { now: time, nodes: all, live: lives, rules, gathered: kept });
    for (const it of decisions) {
      if (it.kind === "waits" && it.begun) {
        const { id: requestId, userId } = it.request;
        kept = [
          ...kept.filter((one) => one.requestId !== requestId),
          { requestId, userId, experimentId: null, ...it.begun },
        ];
      }
      if (it.kind !== "placed") continue;
      if (it.request.id === "large") return at;
      const endsAt = time + lifeMinutes * minute;
      lives.push({ ...live(it.request.id, it.node.id, { size: it.size }), endsAt });
    }
    const waits = new Set(decisions.flatMap((it) => (it.kind === "waits" ? [it.request.id] : [])));
    queue = queue.filter((it) => waits.has(it.id));
    kept = kept.filter((it) => waits.has(it.requestId));
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
