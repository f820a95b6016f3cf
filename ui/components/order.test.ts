import { describe, expect, it } from "vitest";
import type { State } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import {
  countStates,
  endedInstances,
  hasNamesake,
  liveInstances,
  matches,
  sortInstances,
  startPrecision,
} from "./order.ts";

const instance = (name: string, state: State, createdAt: string, endedAt: string | null = null) =>
  ({ name, state, createdAt, endedAt }) as Instance;
const names = (instances: readonly Instance[]): string[] => instances.map((it) => it.name);

const all = [
  instance("old", "stopped", "2026-01-01", "2026-01-09"),
  instance("queued", "queued", "2026-01-05"),
  instance("running, older", "running", "2026-01-02"),
  instance("failed", "failed", "2026-01-03", "2026-01-10"),
  instance("running, newer", "running", "2026-01-04"),
  instance("stopping", "stopping", "2026-01-06"),
  instance("starting", "starting", "2026-01-01"),
];

describe("the order of desktops", () => {
  it("puts what can be worked in first", () => {
    expect(names(liveInstances(all))).toEqual([
      "running, newer",
      "running, older",
      "starting",
      "queued",
      "stopping",
    ]);
  });

  it("puts the last to end first", () => {
    expect(names(endedInstances(all))).toEqual(["failed", "old"]);
  });
});

describe("a person's own order", () => {
  const some = [
    instance("Sample 10", "running", "2026-01-01"),
    instance("sample 9", "running", "2026-01-03"),
    instance("Sample 10", "lost", "2026-01-02"),
  ];
  it.each([
    ["state", [0, 1, 2]],
    ["newest", [1, 2, 0]],
    ["name", [1, 2, 0]],
  ] as const)("%s", (order, expected) => {
    const sorted = sortInstances(some, order);
    expect(sorted.map((it) => some.indexOf(it))).toEqual(expected);
  });
});

describe("countStates", () => {
  it("counts what there is, the most useful first", () => {
    expect(countStates(all).slice(0, 3)).toEqual([
      { state: "running", count: 2 },
      { state: "starting", count: 1 },
      { state: "queued", count: 1 },
    ]);
    expect(countStates([])).toEqual([]);
  });
});

describe("hasNamesake", () => {
  const named = (id: string, name: string) => ({ id, name }) as Instance;
  const one = named("1", "a");
  it.each([
    [[one], false],
    [[one, named("2", "b")], false],
    [[one, named("2", "a")], true],
  ])("%#", (among, expected) => {
    expect(hasNamesake(one, among)).toBe(expected);
  });
});

describe("matches", () => {
  it.each([
    ["", true],
    ["TOMO", true],
    ["mira tomo", true],
    ["kovac", true],
    ["tomo x", false],
  ])("%j", (search, expected) => {
    expect(matches(search, ["Tomography", "Mira Kovač"])).toBe(expected);
  });
});

describe("startPrecision", () => {
  const started = (id: string, startedAt: string | null) => ({ id, startedAt }) as Instance;
  const one = started("1", "2026-11-22T10:24:07.123Z");
  it.each([
    ["alone", [one], "minute"],
    ["in another minute", [one, started("2", "2026-11-22T10:25:07.123Z")], "minute"],
    ["in the same minute", [one, started("2", "2026-11-22T10:24:59.999Z")], "second"],
    ["beside one that has not started", [one, started("2", null)], "minute"],
  ])("%s", (_name, all, expected) => {
    expect(startPrecision(one, all)).toBe(expected);
  });
});
