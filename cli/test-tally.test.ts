import { describe, expect, it } from "vitest";
import { addTallies, failuresIn, tallyLine, tallyOf } from "./test-tally.ts";

function report(...files: { status: string; tests: string[] }[]): string {
  return JSON.stringify({
    testResults: files.map(({ status, tests }) => ({
      status,
      assertionResults: tests.map((test) => ({ status: test })),
    })),
  });
}

describe("tallyOf", () => {
  it("counts tests", () => {
    const text = report(
      { status: "passed", tests: ["passed", "passed", "skipped", "todo"] },
      { status: "failed", tests: ["failed", "passed"] },
    );
    expect(tallyOf(text, 1)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  it("counts a file that did not load as a failure", () => {
    const text = report({ status: "failed", tests: [] }, { status: "failed", tests: ["failed"] });
    expect(tallyOf(text, 1)).toEqual({ passed: 0, failed: 2, skipped: 0 });
  });

  it("counts a file that failed outside of its tests", () => {
    expect(tallyOf(report({ status: "failed", tests: ["passed"] }), 1).failed).toBe(1);
  });

  it.each([
    ["a crash before the report", "", 0],
    ["a signal", report({ status: "passed", tests: ["passed"] }), null],
    ["an error that no test shows", report({ status: "passed", tests: ["passed"] }), 1],
    ["half a report", '{"testResults":[', 1],
  ])("counts %s as a failure", (_what, text, code) => {
    expect(tallyOf(text, code).failed).toBe(1);
  });

  it("finds nothing where there is nothing", () => {
    expect(tallyOf(report(), 0)).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});

describe("failuresIn", () => {
  it("names each failed test with its message, and a file that failed outside of its tests", () => {
    const text = JSON.stringify({
      testResults: [
        { name: "/a.test.ts", status: "passed", assertionResults: [{ status: "passed" }] },
        {
          name: "/b.test.ts",
          status: "failed",
          assertionResults: [
            { status: "passed", fullName: "stays" },
            { status: "failed", fullName: "adds up", failureMessages: ["expected 3, saw 4"] },
          ],
        },
        { name: "/c.test.ts", status: "failed", message: "does not load", assertionResults: [] },
      ],
    });
    expect(failuresIn(text)).toEqual([
      "/b.test.ts: adds up\nexpected 3, saw 4",
      "/c.test.ts\ndoes not load",
    ]);
  });
});

describe("tallyLine", () => {
  it("mentions the skipped only where there are some", () => {
    expect(tallyLine({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed");
    const sum = addTallies([
      { passed: 1, failed: 1, skipped: 0 },
      { passed: 1, failed: 0, skipped: 2 },
    ]);
    expect(tallyLine(sum)).toBe("2 passed, 1 failed, 2 skipped");
  });
});
