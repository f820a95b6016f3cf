import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PreviewRun, typingMs, type PreviewState } from "./preview-run.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Asked {
  readonly question: string;
  readonly signal: AbortSignal;
  answer(text: string): void;
  fail(): void;
}

function setUp({ retries = 0 } = {}) {
  const asked: Asked[] = [];
  const states: PreviewState<string>[] = [];
  const run = new PreviewRun<string, string>({
    ask: (question, signal) =>
      new Promise((resolve, reject) =>
        asked.push({ question, signal, answer: resolve, fail: () => reject(new Error("away")) }),
      ),
    show: (state) => states.push(state),
    now: () => Date.now(),
    retryMs: (failures) => (failures < retries ? 300 : null),
  });
  return {
    asked,
    run,
    last: () => states.at(-1),
    wait: (ms: number) => vi.advanceTimersByTimeAsync(ms),
  };
}

describe("PreviewRun", () => {
  it("asks once typing has stopped, for what stands there then", async () => {
    const { asked, run, last, wait } = setUp();
    for (const text of ["a", "ab", "abc"]) {
      run.question(text);
      await wait(typingMs - 1);
    }
    expect(asked).toEqual([]);
    expect(last()?.phase).toBe("waiting");
    await wait(1);
    expect(asked.map((it) => it.question)).toEqual(["abc"]);
    expect(last()?.phase).toBe("asking");
    await wait(40);
    asked[0]!.answer("of abc");
    await wait(0);
    expect(last()).toMatchObject({ phase: "done", answer: "of abc", stale: false, usualMs: 40 });
  });

  it("lets the last question win, whatever answers first", async () => {
    const { asked, run, last, wait } = setUp();
    run.question("first");
    await wait(typingMs);
    run.question("second");
    await wait(typingMs);
    expect(asked[0]!.signal.aborted).toBe(true);
    asked[1]!.answer("of second");
    await wait(0);
    asked[0]!.answer("of first");
    await wait(0);
    expect(last()).toMatchObject({ phase: "done", answer: "of second", stale: false });
  });

  it("keeps an old answer and says that it is old: while it asks, while it cannot, and after a failure", async () => {
    const { asked, run, last, wait } = setUp();
    run.question("first");
    await wait(typingMs);
    asked[0]!.answer("of first");
    await wait(0);
    run.question("second");
    expect(last()).toMatchObject({ phase: "waiting", answer: "of first", stale: true });
    run.question(null);
    expect(last()).toMatchObject({ phase: "none", answer: "of first", stale: true });
    run.question("third");
    await wait(typingMs);
    asked[1]!.fail();
    await wait(0);
    expect(last()).toMatchObject({ phase: "failed", answer: "of first", stale: true });
  });

  it("asks again by itself what may well be answered then, and not for ever", async () => {
    const { asked, run, last, wait } = setUp({ retries: 2 });
    run.question("first");
    await wait(typingMs);
    asked[0]!.fail();
    await wait(299);
    expect(asked).toHaveLength(1);
    expect(last()?.phase).toBe("asking");
    await wait(1);
    expect(asked.map((it) => it.question)).toEqual(["first", "first"]);
    asked[1]!.fail();
    await wait(300);
    asked[2]!.fail();
    await wait(300);
    expect(asked).toHaveLength(3);
    expect(last()?.phase).toBe("failed");
    run.question("second", 0);
    await wait(0);
    asked[3]!.fail();
    await wait(300);
    asked[4]!.answer("of second");
    await wait(0);
    expect(last()).toMatchObject({ phase: "done", answer: "of second", error: null });
  });

  it("does not ask again what is not the question any more", async () => {
    const { asked, run, wait } = setUp({ retries: 2 });
    run.question("first");
    await wait(typingMs);
    asked[0]!.fail();
    await wait(100);
    run.question("second");
    await wait(1000);
    expect(asked.map((it) => it.question)).toEqual(["first", "second"]);
  });

  it("forgets all about another rule, and an answer that is on its way", async () => {
    const { asked, run, last, wait } = setUp();
    run.question("first");
    await wait(typingMs);
    run.forget();
    asked[0]!.answer("of first");
    await wait(0);
    expect(last()).toMatchObject({ phase: "none", answer: null, stale: false });
  });
});
