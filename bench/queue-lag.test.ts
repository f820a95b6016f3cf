import { expect, it } from "vitest";
import { lagsOf, type Happened } from "./queue-lag.ts";

const nodes = [
  { id: "n1", cpus: 2, memoryBytes: 8, zone: "a" },
  { id: "n2", cpus: 1, memoryBytes: 8, zone: "b" },
];
const one = (more: Partial<Happened>): Happened => ({
  nodeId: "n1",
  cpus: 1,
  memoryBytes: 1,
  zone: null,
  queuedAt: 0,
  placedAt: 0,
  freedAt: Infinity,
  ...more,
});

it("counts from when a start was asked for where there was room", () => {
  expect(lagsOf([one({ queuedAt: 10, placedAt: 14 })], nodes)).toEqual([4]);
});

it("counts from when room came without a break until it was used", () => {
  const all = [
    one({ cpus: 2, placedAt: 1, freedAt: 50 }),
    one({ nodeId: "n2", placedAt: 2, freedAt: 30 }),
    // Waits for the second node's end at 30.
    one({ nodeId: "n2", queuedAt: 5, placedAt: 37 }),
    // What wants two waits for the first node's end; that there was room for one does not count.
    one({ cpus: 2, queuedAt: 5, placedAt: 53 }),
  ];
  expect(lagsOf(all, nodes)).toEqual([1, 2, 7, 3]);
});

it("counts room only where the start may go", () => {
  const all = [
    one({ cpus: 2, placedAt: 0, freedAt: 20 }),
    one({ zone: "a", queuedAt: 5, placedAt: 21 }),
    one({ zone: "b", nodeId: "n2", queuedAt: 5, placedAt: 22 }),
  ];
  expect(lagsOf(all, nodes)).toEqual([0, 1, 17]);
});
