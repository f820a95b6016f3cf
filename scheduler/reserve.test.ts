import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { place } from "./place.ts";
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
import type { Request, Situation } from "./types.ts";

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
    expect(ask({ live: [live("l", "n2", { groupIds: ["course"] })] })).toEqual(["n1", "n1"]);
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
