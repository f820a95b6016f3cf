import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failuresIn, tallyOf } from "./test-tally.ts";
import type { Tally } from "./test-tally.ts";

const root = join(import.meta.dirname, "..");
const reporter = join(import.meta.dirname, "causes-reporter.ts");

/** A run's numbers, and the name and message of each failure. */
export interface Outcome {
  tally: Tally;
  failures: readonly string[];
}

/**
 * Runs one project of the tests in a vitest of its own, its output on the terminal.
 * @param args for vitest
 * @param signal ends the run; what came of it until then is returned
 */
export async function runVitest(
  project: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), "asci-test-"));
  const report = join(directory, "report.json");
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const options = ["--project", project, "--passWithNoTests", "--reporter=default"];
  const child = spawn(
    process.execPath,
    [vitest, "run", ...options, `--reporter=${reporter}`, `--outputFile=${report}`, ...args],
    // A session of its own: it takes a second Ctrl-C for an order to drop everything, and one may come twice.
    { cwd: root, stdio: ["ignore", "inherit", "inherit"], detached: true, env: environment() },
  );
  const interrupt = (): void => void child.kill("SIGINT");
  // A session of its own has to be ended with us, when we are not left the time to end it in order.
  const endAll = (): void => void child.kill("SIGKILL");
  process.on("exit", endAll);
  signal.addEventListener("abort", interrupt);
  if (signal.aborted) interrupt();
  const [code] = (await once(child, "close")) as [number | null];
  signal.removeEventListener("abort", interrupt);
  process.off("exit", endAll);
  const text = await readFile(report, "utf8").catch(() => "");
  await rm(directory, { recursive: true, force: true });
  const failures = failuresIn(text).map((failure) => failure.replaceAll(`${root}/`, ""));
  return { tally: tallyOf(text, code), failures };
}

/** The settings of an installation that runs beside the tests are none of theirs. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(ASCI_|DATABASE_URL$|NODE_ENV$)/.test(name),
  );
  return Object.fromEntries(kept);
}
