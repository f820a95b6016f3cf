import { describe, expect, it } from "vitest";
import { meaningOf, type Circumstances } from "./ending.ts";

const at = (text: string) => new Date(`2030-01-01T${text}Z`);
const bootedAt = at("08:00:00");
const end = {
  exitCode: 143,
  outOfMemory: false,
  error: "",
  startedAt: at("09:00:00"),
  finishedAt: at("10:00:00"),
};
const steady: Circumstances = { engineAway: () => false, bootedAt };
const codeOf = (change: Partial<typeof end>, circumstances = steady) =>
  meaningOf({ ...end, ...change }, circumstances).code;

describe("what a container's end means", () => {
  it("is its own affair while node and engine ran all the time", () => {
    expect(meaningOf(end, steady)).toEqual({
      code: "container_exited",
      text: "it was ended by signal 15 from outside",
    });
    expect(meaningOf({ ...end, exitCode: 1 }, steady).text).toBe("it ended with exit code 1");
    expect(meaningOf({ ...end, exitCode: 255 }, steady).text).toBe("it ended with exit code 255");
  });

  it("is the engine's where that was away at the time", () => {
    const circumstances = {
      engineAway: (time: Date) => time.getTime() === end.finishedAt.getTime(),
      bootedAt,
    };
    expect(meaningOf(end, circumstances)).toEqual({
      code: "engine_restarted",
      text: "it ended while its node's container engine was stopped or restarted",
    });
    expect(codeOf({ finishedAt: at("10:00:01") }, circumstances)).toBe("container_exited");
  });

  it("is the node's where that has been started since", () => {
    const circumstances = { ...steady, bootedAt: at("09:30:00") };
    expect(meaningOf({ ...end, exitCode: 255 }, circumstances)).toEqual({
      code: "engine_restarted",
      text: "it ended when its node was restarted",
    });
  });

  it("is told by the engine where that knows better", () => {
    const circumstances = { engineAway: () => true, bootedAt: at("23:00:00") };
    expect(codeOf({ outOfMemory: true }, circumstances)).toBe("out_of_memory");
    expect(meaningOf({ ...end, error: "no such program" }, circumstances)).toEqual({
      code: "container_error",
      text: "no such program",
    });
  });

  it("of one that never ran is no restart", () => {
    const circumstances = { engineAway: () => true, bootedAt: at("23:00:00") };
    const never = { ...end, startedAt: null, finishedAt: null };
    expect(meaningOf(never, circumstances).code).toBe("container_exited");
  });
});
