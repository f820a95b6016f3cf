import fc from "fast-check";
import { expect, it } from "vitest";
import { EventQueue } from "./event-queue.ts";

it("tells events in the order of time, and of one time in the order in which they were added", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20 })),
      fc.integer({ min: 0, max: 20 }),
      (times, until) => {
        const queue = new EventQueue<number>();
        for (const [index, at] of times.entries()) queue.add(at, index);
        const told: [number, number][] = [];
        for (let next = queue.take(until); next; next = queue.take(until))
          told.push([next.at, next.event]);
        const all = times
          .map((at, index): [number, number] => [at, index])
          .filter(([at]) => at <= until);
        expect(told).toEqual(all.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
      },
    ),
  );
});
