import { describe, expect, it } from "vitest";
import { jittered, startLoop } from "./loop.ts";

const quiet = { error: () => {} };
const never = 1_000_000_000;

/** A task whose runs are let through one by one. */
function stepped() {
  const gates: (() => void)[] = [];
  let started = 0;
  let most = 0;
  let inside = 0;
  let notify: () => void = () => {};
  return {
    get started() {
      return started;
    },
    get most() {
      return most;
    },
    async run() {
      started += 1;
      inside += 1;
      most = Math.max(most, inside);
      notify();
      await new Promise<void>((resolve) => gates.push(resolve));
      inside -= 1;
    },
    release: () => gates.shift()?.(),
    untilStarted: async (count: number): Promise<void> => {
      const enough = () => started >= count;
      while (!enough()) await new Promise<void>((resolve) => (notify = resolve));
    },
  };
}

describe("a loop", () => {
  it("runs at once, and once more for any number of activations during a run", async () => {
    const task = stepped();
    const loop = startLoop({ name: "t", periodMs: never, run: task.run }, quiet);
    for (let n = 0; n < 5; n++) loop.activate();
    task.release();
    await task.untilStarted(2);
    task.release();
    await loop.stop();
    expect([task.started, task.most]).toEqual([2, 1]);
  });

  it("tells a task that runs how often it was activated", async () => {
    const seen: number[] = [];
    const [inside, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const run = async (_: AbortSignal, activations: () => number) => {
      seen.push(activations());
      inside.resolve();
      await gate.promise;
      seen.push(activations());
    };
    const loop = startLoop({ name: "t", periodMs: never, run }, quiet);
    await inside.promise;
    loop.activate();
    loop.activate();
    const stopped = loop.stop();
    gate.resolve();
    await stopped;
    expect(seen).toEqual([1, 3]);
  });

  it("goes on after a failure, and says so", async () => {
    const errors: unknown[] = [];
    let runs = 0;
    const second = Promise.withResolvers<void>();
    const loop = startLoop(
      {
        name: "t",
        periodMs: 1,
        run: async () => {
          runs += 1;
          if (runs === 1) throw new Error("once");
          second.resolve();
        },
      },
      { error: (fields) => errors.push(fields["loop"]) },
    );
    await second.promise;
    await loop.stop();
    expect(errors).toEqual(["t"]);
  });

  it("waits for the run under way when it stops, and starts none afterwards", async () => {
    const task = stepped();
    const loop = startLoop({ name: "t", periodMs: never, run: task.run }, quiet);
    const stopped = loop.stop();
    loop.activate();
    task.release();
    await stopped;
    expect(task.started).toBe(1);
  });

  it("spreads its period by a tenth either way", () => {
    expect(jittered(1000, () => 0)).toBe(900);
    expect(jittered(1000, () => 1)).toBeCloseTo(1100);
  });
});
