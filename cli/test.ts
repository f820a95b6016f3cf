import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { HostError } from "../images/host.ts";
import { prepareDesktopImage } from "./desktop-image.ts";
import { stopEngine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { giveToProjectOwner } from "./project-owner.ts";
import { onEndingSignal } from "./signals.ts";
import { say, sayError } from "./terminal.ts";
import { installTestPrograms } from "./test-programs.ts";
import { addTallies, nothing, tallyLine } from "./test-tally.ts";
import { ensureUi } from "./ui-build.ts";
import { runVitest } from "./vitest-run.ts";
import type { Outcome } from "./vitest-run.ts";

const modulesDir = join(import.meta.dirname, "..", "node_modules");

/**
 * In this order: what is quick to say that something is wrong comes first. The tests of the engine wait for much of
 * their time, and so do those of whole ways through a browser; those of the scenes draw: they share the machine.
 */
const rounds = [
  [["unit"]],
  [["db"]],
  [["worker"]],
  [["docker"], ["browser"], ["scenes", "cluster"]],
] as const;
type Project = (typeof rounds)[number][number][number];

/**
 * `npm test`: installs what is missing, then runs every test. Everything that the tests start is their own, so an
 * installation beside them is not touched.
 * @param args for vitest, such as the name of a file
 */
export async function test(args: readonly string[]): Promise<number> {
  const stateDir = await mkdtemp(join(tmpdir(), "asci-test-engine-"));
  const interruption = interruptible();
  try {
    const prepared = await prepare(stateDir);
    const outcomes: Outcome[] = [];
    for (const round of rounds) {
      if (interruption.signal.aborted) break;
      const lanes = round.map((lane) => runLane(lane, args, prepared, interruption.signal));
      outcomes.push(...(await Promise.all(lanes)).flat());
    }
    return conclude(outcomes, args, interruption.signal);
  } finally {
    await stopOwnEngine(stateDir);
    for (const cache of [".vite", ".vite-temp"]) await giveToProjectOwner(join(modulesDir, cache));
    interruption.release();
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** `npm run test:unit`: needs nothing but Node and takes seconds. */
export async function testUnit(args: readonly string[]): Promise<number> {
  const interruption = interruptible();
  const outcome = await runVitest("unit", args, interruption.signal);
  interruption.release();
  return conclude([outcome], args, interruption.signal);
}

/** What could not be had, in a sentence, by the projects that need it. */
type Missing = Partial<Record<Project, string>>;

async function prepare(stateDir: string): Promise<Missing> {
  const missing: Missing = {};
  const need = async (needed: readonly Project[], work: () => Promise<void>): Promise<void> => {
    await work().catch((error: unknown) => {
      for (const project of needed) missing[project] ??= sentenceOf(error);
    });
  };
  await need(["scenes", "browser"], installTestPrograms);
  await need(["docker", "cluster", "scenes", "browser"], async () => {
    await prepareDesktopImage(stateDir, join(stateDir, "setup.log"));
  });
  await need(["worker", "scenes", "browser"], () => ensureUi(say));
  return missing;
}

/** One after the other. */
async function runLane(
  projects: readonly Project[],
  args: readonly string[],
  missing: Missing,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const project of projects)
    if (!signal.aborted) outcomes.push(await runProject(project, args, missing, signal));
  return outcomes;
}

async function runProject(
  project: Project,
  args: readonly string[],
  missing: Missing,
  signal: AbortSignal,
): Promise<Outcome> {
  const reason = missing[project];
  if (reason === undefined) return runVitest(project, args, signal);
  sayError(`The ${project} tests cannot run: ${reason}`);
  return { tally: { ...nothing, failed: 1 }, failures: [`${project}: ${reason}`] };
}

/** Says what failed, and the last line. @returns the exit code */
function conclude(
  outcomes: readonly Outcome[],
  args: readonly string[],
  signal: AbortSignal,
): number {
  const total = addTallies(outcomes.map(({ tally }) => tally));
  const none = total.passed + total.failed + total.skipped === 0;
  for (const failure of outcomes.flatMap(({ failures }) => failures)) sayError(`FAILED ${failure}`);
  if (signal.aborted) sayError("The tests were interrupted.");
  else if (none) sayError(`No test matches ${args.join(" ") || "anything"}.`);
  say(tallyLine(total));
  if (signal.aborted) return 130;
  return total.failed > 0 || none ? 1 : 0;
}

/** The engine goes only where we started it and nobody else came to use it meanwhile. */
async function stopOwnEngine(stateDir: string): Promise<void> {
  const running = await new Docker().listContainers().catch(() => []);
  if (running.length > 0) return;
  await stopEngine(stateDir).catch((error: unknown) => sayError(sentenceOf(error)));
}

function interruptible(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const release = onEndingSignal((request) => {
    if (request > 1) process.exit(130);
    controller.abort();
  });
  return { signal: controller.signal, release };
}

function sentenceOf(error: unknown): string {
  const known = error instanceof Failure || error instanceof HostError;
  if (error instanceof Error) return known ? error.message : (error.stack ?? error.message);
  return String(error);
}
