import { z } from "zod";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export const nothing: Readonly<Tally> = { passed: 0, failed: 0, skipped: 0 };

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    nothing,
  );
}

/** `12 passed, 0 failed`, and how many were skipped where some were. */
export function tallyLine({ passed, failed, skipped }: Readonly<Tally>): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string().default("a file without a name"),
      status: z.string(),
      message: z.string().default(""),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string().default(""),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/**
 * Counts a vitest run. A file that did not load has no tests in the report and counts as one failure; so does a run
 * that failed in a way that no test shows: an error outside of any test, a crash before the report was written.
 * @param report what vitest's JSON reporter wrote; empty where it wrote nothing
 * @param exitCode null where a signal ended it
 */
export function tallyOf(report: string, exitCode: number | null): Tally {
  const files = parse(report);
  const counted = addTallies((files ?? []).map(tallyOfFile));
  const unexplained = counted.failed === 0 && (exitCode !== 0 || files === undefined);
  return unexplained ? { ...counted, failed: 1 } : counted;
}

/**
 * What failed, for the end of a run: whoever sees only the last lines of a long log has to find it there.
 * @param report what vitest's JSON reporter wrote
 * @returns one text for each failed test, and each file that failed outside of its tests: its name and its message
 */
export function failuresIn(report: string): string[] {
  return (parse(report) ?? []).flatMap((file) => {
    const failed = file.assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && file.status === "failed") return [`${file.name}\n${file.message}`];
    return failed.map(
      (test) => `${file.name}: ${test.fullName}\n${(test.failureMessages ?? []).join("\n")}`,
    );
  });
}

type FileReport = z.infer<typeof reportSchema>["testResults"][number];

function tallyOfFile({ status, assertionResults }: FileReport): Tally {
  const count = (...wanted: string[]): number =>
    assertionResults.filter((test) => wanted.includes(test.status)).length;
  const failed = count("failed");
  const passed = count("passed");
  return {
    passed,
    failed: failed === 0 && status === "failed" ? 1 : failed,
    skipped: assertionResults.length - failed - passed,
  };
}

function parse(report: string): FileReport[] | undefined {
  try {
    return reportSchema.parse(JSON.parse(report)).testResults;
  } catch {
    return undefined;
  }
}
