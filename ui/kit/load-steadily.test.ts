import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { loadSteadily } from "./load-steadily.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Fails so many times before it answers. */
const failing = (times: number) => {
  const load = vi.fn(async () => {
    if (load.mock.calls.length <= times) throw new Error(`try ${load.mock.calls.length}`);
    return "the part";
  });
  return load;
};

it("asks again for what did not come", async () => {
  const load = failing(3);
  const part = loadSteadily(load);
  await vi.runAllTimersAsync();
  expect(await part).toBe("the part");
  expect(load).toHaveBeenCalledTimes(4);
});

it("asks once for what comes", async () => {
  const load = failing(0);
  expect(await loadSteadily(load)).toBe("the part");
  expect(load).toHaveBeenCalledTimes(1);
});

it("says what was wrong in the end where it never comes", async () => {
  const outcome = loadSteadily(failing(99)).catch(String);
  await vi.runAllTimersAsync();
  expect(await outcome).toBe("Error: try 4");
});
