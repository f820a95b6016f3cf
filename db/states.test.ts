import { describe, expect, it } from "vitest";
import {
  actions,
  allows,
  isLive,
  mayTransition,
  sourcesOf,
  states,
  transitions,
} from "./states.ts";

describe("the table of states", () => {
  it("names each pair once and each state at least once", () => {
    const pairs = transitions.map((it) => `${it.from}>${it.to}`);
    expect(new Set(pairs).size).toBe(pairs.length);
    const named = new Set(transitions.flatMap((it) => [it.from, it.to]));
    expect([...named].sort()).toEqual([...states].sort());
  });

  it("lets every live state end, and every ended one start again", () => {
    for (const state of states) {
      const ways = transitions.filter((it) => it.from === state).map((it) => it.to);
      if (isLive(state))
        expect(ways.some((to) => to === "stopping" || to === "stopped")).toBe(true);
      else expect(ways).toEqual(["queued"]);
    }
  });

  it("lets only the placer start what is queued", () => {
    expect(mayTransition("queued", "starting", "placer")).toBe(true);
    expect(mayTransition("queued", "starting", "controller")).toBe(false);
    expect(mayTransition("queued", "running", "placer")).toBe(false);
  });

  it("lets only a controller say that something runs", () => {
    expect(sourcesOf("running", "controller").sort()).toEqual(["lost", "paused", "starting"]);
    expect(sourcesOf("running", "person")).toEqual([]);
  });

  it("allows stop exactly where a person may move the instance to stopping", () => {
    const stoppable = states.filter((state) => allows(state, "stop"));
    expect(stoppable.sort()).toEqual(sourcesOf("stopping", "person").sort());
  });

  it("knows every action in at least one state", () => {
    for (const action of actions) expect(states.some((state) => allows(state, action))).toBe(true);
  });
});
