import { describe, expect, it } from "vitest";
import { alarmIn } from "./postgres-run.ts";

describe("alarmIn", () => {
  it("finds a full disk and a crash", () => {
    const full = 'could not extend file "base/5/1249": No space left on device';
    expect(alarmIn(`2026-11-22 09:09:04.504 UTC [17770] asci@asci ERROR:  ${full}`)).toBe(full);
    expect(alarmIn("2026-11-22 09:09:04.504 UTC [1] PANIC:  could not write")).toBe(
      "could not write",
    );
  });

  it.each([
    "2026-11-22 09:09:04.505 UTC [17760] LOG:  received fast shutdown request",
    '2026-11-22 09:09:04.505 UTC [1] a@b FATAL:  password authentication failed for user "a"',
    "creating subdirectories ... ok",
  ])("is silent on %s", (line) => expect(alarmIn(line)).toBeUndefined());
});
