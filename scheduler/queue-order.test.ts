import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareStanding, ordersAnew, standAll, standing, stepMs } from "./queue-order.ts";
import { live, request, rule, situation, when } from "./testing.ts";

const order = (
  requests: readonly ReturnType<typeof request>[],
  more: Parameters<typeof situation>[0] = {},
) => {
  const stands = standAll(requests, situation(more));
  return [...stands]
    .map(([id, it]) => ({ id, ...it }))
    .sort(compareStanding)
    .map((it) => it.id);
};
const of = (userId: string, id: string, queuedAt = 0) =>
  request(id, { user: userId, userId, queuedAt });

describe("the queue's order", () => {
  it("makes a request younger by what its person has already", () => {
    expect(standing({ queuedAt: 10 }, { priority: 3 }, 2)).toEqual({
      priority: 3,
      at: 10 + 2 * stepMs,
    });
  });

  it("puts priority before age, and age before the id", () => {
    const rules = [when("urgent", { user: "bob" }, { priority: 1 })];
    const requests = [of("ada", "a", 0), of("bob", "b", 500), of("eve", "c", 0)];
    expect(order(requests, { rules })).toEqual(["b", "a", "c"]);
    expect(order(requests.toReversed(), { rules })).toEqual(["b", "a", "c"]);
  });

  it("is another one once a rule begins or ceases to count that says a priority", () => {
    const at = (ms: number) => new Date(ms).toISOString();
    const window = { from: at(100), until: at(200) };
    const rules = [when("urgent", window, { priority: 1 })];
    const anew = [
      [0, 99],
      [99, 100],
      [100, 199],
      [199, 200],
      [200, 900],
      [-Infinity, 900],
    ].map(([since = 0, now = 0]) => ordersAnew(rules, since, now));
    expect(anew).toEqual([false, true, false, true, false, true]);
    expect(ordersAnew([when("other", window, { strategy: "pack" })], 0, 900)).toBe(false);
    expect(
      ordersAnew([rule("off", { priority: 1 }, { when: window, enabled: false })], 0, 900),
    ).toBe(false);
    expect(ordersAnew([when("always", {}, { priority: 1 })], -Infinity, 900)).toBe(false);
  });

  it("counts what lives, and what stands in the queue already", () => {
    const stands = standAll(
      [of("ada", "a")],
      situation({ live: [live("l", "n", { userId: "ada" })] }),
      [{ userId: "ada" }, { userId: "bob" }],
    );
    expect(stands.get("a")).toEqual({ priority: 0, at: 2 * stepMs });
  });

  it("puts nobody's tenth before another's first of the same age", () => {
    const ages = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(ages, fc.integer({ min: 1, max: 12 }), (people, many) => {
        const requests = people.flatMap((person, at) =>
          Array.from({ length: person === 0 ? many : 1 }, (_, more) =>
            of(`p${person}`, `${String(at).padStart(2, "0")}-${more}`),
          ),
        );
        // With the same age, everybody's first stands before anybody's second, and so on.
        const seen = new Map<string, number>();
        const turns = order(requests).map((id) => {
          const user = requests.find((it) => it.id === id)?.userId ?? "";
          seen.set(user, (seen.get(user) ?? 0) + 1);
          return seen.get(user) ?? 0;
        });
        expect(turns).toEqual([...turns].sort((a, b) => a - b));
      }),
    );
  });

  it("is a total order", () => {
    const one = fc.record({
      priority: fc.integer({ min: 0, max: 2 }),
      at: fc.integer({ min: 0, max: 3 }),
      id: fc.constantFrom("a", "b", "c"),
    });
    fc.assert(
      fc.property(one, one, one, (a, b, c) => {
        expect(Math.sign(compareStanding(a, b))).toBe(0 - Math.sign(compareStanding(b, a)));
        if (compareStanding(a, b) <= 0 && compareStanding(b, c) <= 0)
          expect(compareStanding(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
