import { describe, expect, it } from "vitest";
import { Failure } from "./failure.ts";
import { supervise } from "./supervise.ts";
import type { Part, Run } from "./supervise.ts";

/** A part whose every life is in the test's hands. */
class FakePart implements Part {
  readonly name = "relay";
  readonly lives: FakeRun[] = [];
  readonly #started: ((run: FakeRun) => void)[] = [];
  readonly #unseen: FakeRun[] = [];

  async start(): Promise<Run> {
    const run = new FakeRun();
    this.lives.push(run);
    const waiting = this.#started.shift();
    if (waiting === undefined) this.#unseen.push(run);
    else waiting(run);
    return run;
  }

  async nextLife(): Promise<FakeRun> {
    return this.#unseen.shift() ?? new Promise((resolve) => this.#started.push(resolve));
  }
}

class FakeRun implements Run {
  readonly ready: Promise<void>;
  readonly ended: Promise<string>;
  readonly becomeReady: () => void;
  readonly die: (how: string) => void;
  stops = 0;

  constructor() {
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    this.becomeReady = ready.resolve;
    this.die = ended.resolve;
  }

  async stop(): Promise<void> {
    this.stops++;
    this.die("signal SIGTERM");
  }

  kill(): void {
    this.die("signal SIGKILL");
  }
}

/** Time that stands still but for the waits, which are over at once. */
function fakeTime(): { now: () => number; sleep: (ms: number) => Promise<void>; waits: number[] } {
  let nowMs = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => nowMs,
    sleep: async (ms) => {
      waits.push(ms);
      nowMs += ms;
    },
  };
}

describe("supervise", () => {
  it("starts a dead part again, and says how it ended", async () => {
    const part = new FakePart();
    const time = fakeTime();
    const lines: string[] = [];
    const supervised = supervise(part, { ...time, onLine: (line) => lines.push(line) });
    const first = await part.nextLife();
    first.becomeReady();
    await supervised.ready;
    first.die("signal SIGKILL");
    (await part.nextLife()).die("exit code 1: boom");
    await part.nextLife();
    expect(time.waits).toEqual([0, 1_000]);
    expect(lines).toEqual([
      "The relay ended (signal SIGKILL); it is started again now.",
      "The relay ended (exit code 1: boom); it is started again in 1 s.",
    ]);
    await supervised.stop();
  });

  it("gives up a part that was never ready, with its last words", async () => {
    const part = new FakePart();
    const supervised = supervise(part, { ...fakeTime(), onLine: () => undefined, attempts: 2 });
    (await part.nextLife()).die("exit code 1");
    (await part.nextLife()).die("exit code 1: no DATABASE_URL");
    await expect(supervised.ready).rejects.toThrow(
      "does not start: it ended with exit code 1: no DATABASE_URL",
    );
    await supervised.stop();
    expect(part.lives).toHaveLength(2);
  });

  it("passes on at once why a part cannot start at all", async () => {
    const lines: string[] = [];
    const part: Part = {
      name: "database",
      start: () => Promise.reject(new Failure("disk_full", "The disk is full.")),
    };
    const supervised = supervise(part, { ...fakeTime(), onLine: (line) => lines.push(line) });
    await expect(supervised.ready).rejects.toMatchObject({ code: "disk_full" });
    await supervised.stop();
    expect(lines).toEqual([]);
  });

  it("does not start a stopped part again", async () => {
    const part = new FakePart();
    const lines: string[] = [];
    const supervised = supervise(part, { ...fakeTime(), onLine: (line) => lines.push(line) });
    const life = await part.nextLife();
    await supervised.stop();
    expect(life.stops).toBe(1);
    expect(part.lives).toHaveLength(1);
    expect(lines).toEqual([]);
  });

  it("stops a part that is still starting", async () => {
    const life = new FakeRun();
    const starting = Promise.withResolvers<Run>();
    const part: Part = { name: "database", start: () => starting.promise };
    const supervised = supervise(part, { ...fakeTime(), onLine: () => undefined });
    const stopped = supervised.stop();
    starting.resolve(life);
    await stopped;
    expect(life.stops).toBe(1);
    await expect(supervised.ready).rejects.toMatchObject({ code: "interrupted" });
  });

  it("restarts on request without a wait or a word", async () => {
    const part = new FakePart();
    const time = fakeTime();
    const lines: string[] = [];
    const supervised = supervise(part, { ...time, onLine: (line) => lines.push(line) });
    await part.nextLife();
    await supervised.restart();
    await part.nextLife();
    expect(time.waits).toEqual([]);
    expect(lines).toEqual([]);
    await supervised.stop();
  });

  it("restarts what is asked to while it starts", async () => {
    const lives = [new FakeRun(), new FakeRun()];
    const starting = [Promise.withResolvers<Run>(), Promise.withResolvers<Run>()];
    let starts = 0;
    const secondStart = Promise.withResolvers<void>();
    const part: Part = {
      name: "relay",
      start: () => {
        if (++starts === 2) secondStart.resolve();
        return (starting[starts - 1] ?? starting[1]!).promise;
      },
    };
    const supervised = supervise(part, { ...fakeTime(), onLine: () => undefined });
    await supervised.restart();
    starting[0]?.resolve(lives[0]!);
    await secondStart.promise;
    expect(lives[0]?.stops).toBe(1);
    starting[1]?.resolve(lives[1]!);
    await supervised.stop();
    expect(starts).toBe(2);
  });

  it("is woken from a wait by a restart", async () => {
    const part = new FakePart();
    const waiting = Promise.withResolvers<void>();
    const sleep = (_ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        waiting.resolve();
      });
    const supervised = supervise(part, { sleep, now: () => 0, onLine: () => undefined });
    const first = await part.nextLife();
    first.becomeReady();
    await supervised.ready;
    first.die("exit code 1");
    await waiting.promise;
    await supervised.restart();
    await part.nextLife();
    expect(part.lives).toHaveLength(2);
    await supervised.stop();
  });
});
