import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { place } from "./place.ts";
import { Round } from "./round.ts";
import {
  arbNodes,
  arbRequests,
  gib,
  gpu,
  hour,
  live,
  node,
  request,
  reservation,
  situation,
  size,
} from "./testing.ts";
import type { Live, Request, Reservation, Situation, Size } from "./types.ts";

const insider = (id: string, more: Partial<Request> = {}) =>
  request(id, { groupIds: ["course"], ...more });
const outcomes = (requests: Request[], more: Partial<Situation>) =>
  place(requests, situation(more)).map((it) =>
    it.kind === "placed" ? it.node.name : it.reason.code,
  );
/** Room for two seats. */
const nodes = [node("n1", { cpus: 4 })];

describe("a reservation", () => {
  it("keeps its seats free of others, and gives them to those it is for", () => {
    const reservations = [reservation("r")];
    const requests = [request("a"), request("b"), insider("c"), insider("d")];
    expect(outcomes(requests, { nodes, reservations })).toEqual([
      "n1",
      "reserved",
      "n1",
      "no_capacity",
    ]);
    const [, waits] = place(requests, situation({ nodes, reservations }));
    expect(waits).toMatchObject({
      reason: {
        code: "reserved",
        text: "1 node: 1 with the rest reserved; until 1970-01-01 01:00 UTC",
      },
    });
  });

  it("tells those who wait when the room is free, and nothing of whose it is", () => {
    const reservations = [
      reservation("r", { seats: 1 }),
      reservation("s", { seats: 1, until: 3 * hour, subjectId: "another" }),
    ];
    const [waits] = place([request("a")], situation({ nodes, reservations }));
    expect(waits).toMatchObject({
      reason: {
        code: "reserved",
        text: "1 node: 1 with the rest reserved; until 1970-01-01 01:00 UTC; until 1970-01-01 03:00 UTC",
      },
    });
    expect(JSON.stringify(waits)).not.toContain("Course");
  });

  it("keeps nothing for a seat that was taken", () => {
    const reservations = [reservation("r")];
    const requests = [insider("a"), request("b"), request("c")];
    expect(outcomes(requests, { nodes, reservations })).toEqual(["n1", "n1", "no_capacity"]);
  });

  it("is for an experiment, a group, or a beamline's people", () => {
    const full = { nodes: [node("n1", { cpus: 2 })] };
    const held = (kind: "experiment" | "group" | "beamline") => [
      reservation("r", { kind, subjectId: "it" }),
    ];
    const one = { experimentId: "it", groupIds: ["it"], beamlineId: "it" };
    const asks = (more: Partial<Request>, kind: Parameters<typeof held>[0]) =>
      outcomes([request("a", more)], { ...full, reservations: held(kind) })[0];
    for (const kind of ["experiment", "group", "beamline"] as const) {
      expect(asks(one, kind)).toBe("n1");
      const key = { experiment: "experimentId", group: "groupIds", beamline: "beamlineId" }[kind];
      expect(asks({ ...one, [key]: kind === "group" ? [] : null }, kind)).toBe("reserved");
    }
  });

  it("holds nothing before it begins, after it ends, or where all seats are taken", () => {
    const ask = (more: Partial<Situation>) =>
      outcomes([request("a"), request("b")], { nodes, reservations: [reservation("r")], ...more });
    expect(ask({ now: -1 })).toEqual(["n1", "n1"]);
    expect(ask({ now: hour })).toEqual(["n1", "n1"]);
    expect(ask({ live: [live("l", "n1", { groupIds: ["course"] })] })).toEqual(["n1", "n1"]);
  });

  it("holds on nodes of its selector, and nowhere where it cannot be read", () => {
    const two = [node("n1", { cpus: 2 }), node("n2", { cpus: 2, labels: { zone: "b" } })];
    const ask = (selector: string) =>
      outcomes([request("a"), request("b")], {
        nodes: two,
        reservations: [reservation("r", { selector })],
      });
    expect(ask("")).toEqual(["n2", "reserved"]);
    expect(ask("zone=b")).toEqual(["n1", "reserved"]);
    expect(ask("zone=")).toEqual(["n1", "n2"]);
  });

  describe("has a seat filled", () => {
    const course = { groupIds: ["course"], beamlineId: "b1" };
    const gpus = [gpu("GPU-1"), gpu("GPU-2")];
    const two = [
      node("n1", { cpus: 3, labels: { zone: "a" }, gpus }),
      node("n2", { cpus: 3, labels: { zone: "b" } }),
    ];
    const seat = (more: Partial<Reservation> = {}) =>
      reservation("r", { seats: 1, selector: "zone=a", ...more });
    const taken = (lives: Live[], ...reservations: Reservation[]) =>
      Object.fromEntries(
        new Round(situation({ nodes: two, live: lives, reservations })).reserved.taken,
      );

    it("by what stands on a node that it admits, and nowhere else", () => {
      expect(taken([live("l", "n1", course)], seat())).toEqual({ r: 1 });
      expect(taken([live("l", "n2", course)], seat())).toEqual({ r: 0 });
      const asked = [request("a"), request("b")];
      const placed = (nodeId: string) =>
        outcomes(asked, {
          nodes: two,
          reservations: [seat()],
          live: [live("l", nodeId, course)],
        });
      expect(placed("n1")).toEqual(["n1", "n2"]);
      expect(placed("n2")).toEqual(["n2", "reserved"]);
    });

    it("by what has as much of GPUs as the seat, however it is told", () => {
      const held = (more: Partial<Size>) => [
        live("l", "n1", { ...course, size: size({ gpus: 1, ...more }) }),
      ];
      const whole = seat({ size: size({ gpus: 1 }) });
      expect(taken([live("l", "n1", course)], whole)).toEqual({ r: 0 });
      expect(taken(held({ gpuMemoryBytes: 20 * gib }), whole)).toEqual({ r: 0 });
      expect(taken(held({ gpuMemoryBytes: 40 * gib }), whole)).toEqual({ r: 1 });
      expect(taken(held({ gpuMemoryBytes: null }), whole)).toEqual({ r: 1 });
      const share = seat({ size: size({ gpus: 1, gpuMemoryBytes: 20 * gib }) });
      expect(taken(held({ gpuMemoryBytes: 10 * gib }), share)).toEqual({ r: 0 });
      expect(taken(held({ gpuMemoryBytes: 20 * gib }), share)).toEqual({ r: 1 });
      expect(taken(held({}), seat({ size: size({ gpus: 2 }) }))).toEqual({ r: 0 });
    });

    it("by one desktop in one reservation, by those first who may sit in the fewest", () => {
      const beamline = reservation("b", { seats: 1, kind: "beamline", subjectId: "b1", from: -1 });
      const group = reservation("g", { seats: 1 });
      expect(taken([live("l", "n1", course)], beamline, group)).toEqual({ b: 1, g: 0 });
      const others = live("m", "n1", { beamlineId: "b1" });
      expect(taken([live("l", "n1", course), others], beamline, group)).toEqual({ b: 1, g: 1 });
      // No more than there are.
      expect(taken([others, live("n", "n1", { beamlineId: "b1" })], beamline)).toEqual({ b: 1 });
    });

    it("by what is placed, in one reservation as well, and not once it has ended", () => {
      const round = new Round(
        situation({
          nodes: [node("n1", { cpus: 6, labels: { zone: "a" }, gpus })],
          reservations: [
            reservation("b", { seats: 1, kind: "beamline", subjectId: "b1", from: -1 }),
            reservation("g", { seats: 1, size: size({ gpus: 1 }) }),
          ],
        }),
      );
      const one = request("a", course);
      const withoutGpu = round.decide(one);
      expect(withoutGpu).toMatchObject({ kind: "placed" });
      expect(Object.fromEntries(round.reserved.taken)).toEqual({ b: 1, g: 0 });
      expect(round.decide(request("x"))).toMatchObject({ kind: "placed" });
      expect(round.decide(request("y"))).toMatchObject({ reason: { code: "reserved" } });
      round.end({ node: 0, size: size(), gpus: [], who: one, effects: { limits: [] } });
      expect(Object.fromEntries(round.reserved.taken)).toEqual({ b: 0, g: 0 });
      expect(
        round.site.holds
          .flat()
          .map((it) => it.reservationId)
          .sort(),
      ).toEqual(["b", "g"]);
    });
  });

  it("holds GPUs as well", () => {
    const gpus = [gpu("GPU-1", { slots: 2 }), gpu("GPU-2", { slots: 2 })];
    const reservations = [reservation("r", { size: size({ gpus: 1 }) })];
    const shared = (id: string, more: Partial<Request> = {}) =>
      request(id, { size: size({ gpus: 1, gpuMemoryBytes: 20 * gib }), ...more });
    const requests = [
      shared("a"),
      shared("b"),
      shared("c"),
      insider("d", { size: size({ gpus: 1 }) }),
    ];
    const decisions = place(
      requests,
      situation({ nodes: [node("n1", { gpus, cpus: 64 })], reservations }),
    );
    expect(
      decisions.map((it) => (it.kind === "placed" ? it.gpus[0]?.uuid : it.reason.code)),
    ).toEqual(["GPU-2", "GPU-2", "reserved", "GPU-1"]);
  });

  it("of many small seats is summed once, not for each seat and each request", () => {
    const seats = 1000;
    let reads = 0;
    const small = size({ memoryBytes: 1 });
    const counted = {
      ...small,
      get cpus() {
        reads += 1;
        return 0.1;
      },
    };
    const large = ["n1", "n2"].map((it) => node(it, { cpus: 64, memoryBytes: 999 * gib }));
    const reservations = [reservation("r", { seats, size: counted })];
    const requests = Array.from({ length: 200 }, (_, at) => request(`a${at}`));
    const placed = outcomes(requests, { nodes: large, reservations });
    expect(placed.filter((it) => it === "reserved")).toHaveLength(200 - 14);
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(10 * seats);
  });

  it("lets every seat be taken, whatever others ask for in between", () => {
    const seats = fc.integer({ min: 1, max: 5 });
    const turns = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(arbNodes(), arbRequests(25), seats, turns, (nodes, all, seats, turns) => {
        const want = size();
        const reservations = [reservation("r", { seats, size: want })];
        const course = Array.from({ length: seats }, (_, at) => insider(`z${at}`, { size: want }));
        const mixed: Request[] = all.map((it) => ({ ...it, groupIds: [] }));
        for (const [at, it] of course.entries()) mixed.splice(turns[at] ?? 0, 0, it);
        const count = (requests: Request[]) =>
          place(requests, situation({ nodes, reservations })).filter(
            (it) => it.kind === "placed" && it.request.id.startsWith("z"),
          ).length;
        expect(count(mixed)).toBe(count(course));
      }),
      { numRuns: 1000 },
    );
  });
});
