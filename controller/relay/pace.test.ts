import { beforeEach, expect, it } from "vitest";
import { Pace } from "./pace.ts";

let nowMs: number;
let pace: Pace;

beforeEach(() => {
  nowMs = 1000;
  pace = new Pace({ perSecond: 100, burst: 50, debtLimit: 200, now: () => nowMs });
});

it("lets a burst pass, and asks for a wait behind it", () => {
  pace.spend(49);
  expect(pace.waitMs()).toBe(0);
  pace.spend(1);
  expect(pace.waitMs()).toBe(10);
  pace.spend(10);
  nowMs += 50;
  expect(pace.waitMs()).toBe(60);
  nowMs += 60;
  expect(pace.waitMs()).toBe(0);
});

it("keeps to its rate in the long run", () => {
  let spent = 0;
  for (let i = 0; i < 10_000; i += 1, nowMs += 1) {
    if (pace.waitMs() > 0) continue;
    pace.spend(7);
    spent += 7;
  }
  expect(spent).toBeLessThanOrEqual(50 + 10 * 100 + 7);
  expect(spent).toBeGreaterThan(10 * 100);
});

it("saves no more than a burst while nothing is spent", () => {
  nowMs += 3_600_000;
  expect(pace.waitMs()).toBe(0);
  pace.spend(51);
  expect(pace.waitMs()).toBeGreaterThan(0);
});

it("is owed no more than its limit, however much was spent at once", () => {
  pace.spend(1_000_000);
  expect(pace.waitMs()).toBeCloseTo(2010);
});
