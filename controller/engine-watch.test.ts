import { describe, expect, it } from "vitest";
import { createEngineState } from "./engine-watch.ts";
import { RuntimeError } from "./runtimes/runtime.ts";

const gone = new RuntimeError("engine_unreachable", "gone");

function stateAt() {
  const seen = { ready: 0, now: 1_000_000 };
  const state = createEngineState(
    () => (seen.ready += 1),
    () => seen.now,
  );
  return { state, seen, away: (ms: number) => state.wasAway(new Date(ms)) };
}

describe("what a controller knows of its engine", () => {
  it("is nothing before the engine has answered, and then that it is ready", () => {
    const { state, seen } = stateAt();
    expect(state.beat()).toMatchObject({ ready: false, reasonCode: "engine_unreachable" });
    expect(seen.ready).toBe(0);
    state.up();
    expect(state.beat()).toEqual({ ready: true, reasonCode: null, reasonText: null });
    expect(seen.ready).toBe(1);
  });

  it("is that it is away while its connection is broken, whatever a ping came to before", () => {
    const { state, seen } = stateAt();
    state.up();
    state.pinged(gone);
    state.down(new RuntimeError("isolation_missing", "no packet filter"));
    expect(state.beat()).toMatchObject({ ready: false, reasonCode: "isolation_missing" });
    state.pinged();
    expect(state.beat().ready).toBe(false);
    expect(seen.ready).toBe(1);
    state.pinged(gone);
    // It has just answered several calls: nothing waits for the next ping.
    state.up();
    expect(state.beat().ready).toBe(true);
    expect(seen.ready).toBe(2);
  });

  it("is that it hangs while it answers no ping, and ready again when it does", () => {
    const { state, seen } = stateAt();
    state.up();
    state.pinged();
    expect(seen.ready).toBe(1);
    state.pinged(gone);
    state.pinged(gone);
    expect(state.beat()).toMatchObject({ ready: false, reasonText: "gone" });
    state.pinged();
    expect(state.beat().ready).toBe(true);
    expect(seen.ready).toBe(2);
  });

  it("is when it was away, and the farewell before that", () => {
    const { state, seen, away } = stateAt();
    seen.now += 60_000;
    state.up();
    const up = seen.now;
    expect(away(up)).toBe(true);
    expect(away(up + 1)).toBe(false);
    seen.now += 600_000;
    state.down(gone);
    const down = seen.now;
    seen.now += 5000;
    state.down(gone);
    expect(away(down - 600_000 + 1)).toBe(false);
    expect(away(down - 19_000)).toBe(true);
    expect(away(down + 1_000_000)).toBe(true);
    seen.now += 5000;
    state.up();
    expect(away(down + 10_000)).toBe(true);
    expect(away(down + 10_001)).toBe(false);
  });

  it("keeps earlier times, and of very many the last ones", () => {
    const { state, seen, away } = stateAt();
    const downs = Array.from({ length: 40 }, () => {
      state.up();
      seen.now += 100_000;
      state.down(gone);
      return seen.now;
    });
    state.up();
    const [first = 0, last = 0] = [downs[0], downs.at(-2)];
    expect(away(last)).toBe(true);
    expect(away(first)).toBe(false);
  });
});
