import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { desires, states } from "../db/states.ts";
import { plan, type PlannedInstance, type Step } from "./plan.ts";
import type { ContainerStatus, ObservedContainer } from "./runtimes/runtime.ts";

const instance = (more: Partial<PlannedInstance> = {}): PlannedInstance => ({
  state: "starting",
  desired: "running",
  incarnation: 2,
  wantedIncarnation: 2,
  containerId: null,
  wasReady: true,
  ...more,
});
const container = (status: ContainerStatus, incarnation = 2): ObservedContainer => ({
  id: `c${incarnation}`,
  instanceId: "i",
  incarnation,
  status,
});
const short = (steps: Step[]) =>
  steps.map((it) =>
    it.kind === "report"
      ? `report ${it.to}`
      : "containerId" in it
        ? `${it.kind} ${it.containerId}`
        : it.kind,
  );

describe("plan", () => {
  it.each<[string, Partial<PlannedInstance>, ObservedContainer[], string[]]>([
    ["creates what was placed", {}, [], ["create"]],
    [
      "goes on with what a killed controller created",
      {},
      [container("created")],
      ["start c2", "await_ready c2"],
    ],
    [
      "goes on with what it started",
      { containerId: "c2" },
      [container("running")],
      ["await_ready c2"],
    ],
    [
      "buries what died while it started",
      { containerId: "c2" },
      [container("exited")],
      ["bury c2"],
    ],
    ["fails what vanished while it started", { containerId: "c2" }, [], ["report failed"]],
    ["leaves alone what was logged out of", { state: "stopped" }, [], []],
    [
      "queues a restart that came while it failed",
      { state: "failed", wantedIncarnation: 3 },
      [],
      ["report queued"],
    ],
    [
      "goes on with a start that was lost",
      { state: "lost", wasReady: false },
      [],
      ["report starting"],
    ],
    ["finds what was lost paused", { state: "lost" }, [container("paused")], ["report paused"]],
    ["waits for a paused start like for any other", {}, [container("paused")], ["await_ready c2"]],
    [
      "removes an older incarnation beside a live one",
      { state: "running" },
      [container("running"), container("exited", 1)],
      ["remove c1"],
    ],
    ["leaves alone what runs", { state: "running" }, [container("running")], []],
    ["fails what vanished", { state: "running" }, [], ["report failed"]],
    ["buries what ended", { state: "running" }, [container("exited")], ["bury c2"]],
    [
      "follows a pause from outside",
      { state: "running" },
      [container("paused")],
      ["report paused"],
    ],
    ["takes back what was lost", { state: "lost" }, [container("running")], ["report running"]],
    ["fails what was lost and is gone", { state: "lost" }, [], ["report failed"]],
    [
      "stops",
      { state: "stopping", desired: "stopped" },
      [container("running")],
      ["stop c2", "remove c2", "report stopped"],
    ],
    [
      "ends a stop whose container is gone",
      { state: "stopping", desired: "stopped" },
      [],
      ["report stopped"],
    ],
    ["clears what is left of an end", { state: "failed" }, [container("exited")], ["remove c2"]],
    [
      "queues a restart once it has stopped",
      { state: "stopped", wantedIncarnation: 3 },
      [],
      ["report queued"],
    ],
    [
      "stops for a restart",
      { state: "stopping", wantedIncarnation: 3 },
      [container("running")],
      ["stop c2", "remove c2", "report stopped"],
    ],
    [
      "removes an older incarnation first",
      {},
      [container("running", 1)],
      ["stop c1", "remove c1", "create"],
    ],
    [
      "leaves a newer incarnation alone",
      { state: "running" },
      [container("running"), container("running", 3)],
      [],
    ],
  ])("%s", (_what, more, containers, expected) => {
    expect(short(plan(instance(more), containers))).toEqual(expected);
  });

  const instances = fc.record({
    state: fc.constantFrom(...states),
    desired: fc.constantFrom(...desires),
    incarnation: fc.integer({ min: 1, max: 4 }),
    wantedIncarnation: fc.integer({ min: 1, max: 5 }),
    containerId: fc.option(fc.constant("c")),
    wasReady: fc.boolean(),
  });
  const containers = fc.uniqueArray(
    fc.record({
      status: fc.constantFrom<ContainerStatus>("created", "running", "paused", "exited"),
      incarnation: fc.integer({ min: 1, max: 5 }),
    }),
    { selector: (it) => it.incarnation },
  );

  it("never touches a container that is newer than the database", () => {
    fc.assert(
      fc.property(instances, containers, (it, seen) => {
        const all = seen.map(({ status, incarnation }) => container(status, incarnation));
        for (const step of plan(it, all)) {
          if (!("containerId" in step)) continue;
          const target = all.find((one) => one.id === step.containerId);
          expect(target?.incarnation).toBeLessThanOrEqual(it.incarnation);
        }
      }),
    );
  });

  it("never creates where a container of this incarnation stands", () => {
    fc.assert(
      fc.property(instances, containers, (it, seen) => {
        const all = seen.map(({ status, incarnation }) => container(status, incarnation));
        const creates = plan(it, all).some((step) => step.kind === "create");
        if (creates) expect(all.some((one) => one.incarnation === it.incarnation)).toBe(false);
      }),
    );
  });

  it("removes a container together with its own incarnation's files", () => {
    const steps = plan(instance({ state: "running" }), [
      container("running"),
      container("exited", 1),
    ]);
    expect(steps).toEqual([{ kind: "remove", containerId: "c1", incarnation: 1 }]);
  });

  it("frees nothing while a container of it may live", () => {
    fc.assert(
      fc.property(instances, containers, (it, seen) => {
        const all = seen.map(({ status, incarnation }) => container(status, incarnation));
        const steps = plan(it, all);
        const ends = steps.findIndex((step) => step.kind === "report" && step.to === "stopped");
        if (ends < 0) return;
        const live = all.find((one) => one.incarnation === it.incarnation);
        const removed = steps.findIndex(
          (step) => step.kind === "remove" && step.containerId === live?.id,
        );
        if (live) expect(removed).toBeGreaterThanOrEqual(0);
        expect(removed).toBeLessThan(ends);
      }),
    );
  });
});
