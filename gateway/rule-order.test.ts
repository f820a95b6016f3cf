import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prioritiesFor } from "./rule-order.ts";

const rulesOf = (priorities: number[]) =>
  priorities.map((priority, n) => ({ id: `r${n}`, priority }));
const orderOf = (priorities: number[]) => [...prioritiesFor(rulesOf(priorities)).values()];

describe("priorities for an order", () => {
  it("fall, and lie where priorities may", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 5 })),
          {
            maxLength: 60,
          },
        ),
        (priorities) => {
          const given = orderOf(priorities);
          expect(given).toHaveLength(priorities.length);
          for (const [n, it] of given.entries()) {
            expect(Number.isInteger(it) && Math.abs(it) <= 1_000_000).toBe(true);
            if (n > 0) expect(it).toBeLessThan(given[n - 1] ?? Number.NaN);
          }
        },
      ),
    );
  });

  it("stay as they are where they fall already", () => {
    expect(orderOf([30, 20, 19, -5])).toEqual([30, 20, 19, -5]);
    expect(orderOf([])).toEqual([]);
  });

  it.each([
    ["a rule that is dragged up", [10, 30, 20], [40, 30, 20]],
    ["a rule that is dragged down", [30, 20, 40], [30, 20, 10]],
    ["a rule that is dragged between two", [30, 5, 20], [30, 25, 20]],
    ["one of two equal ones", [30, 20, 20], [30, 25, 20]],
  ])("change for %s alone", (_what, before, after) => {
    expect(orderOf(before)).toEqual(after);
  });

  it("are all made anew where there is no room between two", () => {
    expect(orderOf([20, 5, 19, 18])).toEqual([40, 30, 20, 10]);
  });

  it("are all made anew at the edge of what may be", () => {
    expect(orderOf([0, 1_000_000])).toEqual([20, 10]);
  });
});
