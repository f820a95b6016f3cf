import { findProgram, installPackages } from "../images/host.ts";
import { say } from "./terminal.ts";

/** Programs that tests and measurements need, with the Debian package that has them. */
const programs = [
  { program: "chromium", package: "chromium" },
  { program: "websockify", package: "websockify" },
  { program: "docker-registry", package: "docker-registry" },
] as const;
/** Chromium without its own surface: the same pages for half the work. Without it, tests use the whole browser. */
const shell = "chromium-headless-shell";

/**
 * Installs those that are missing.
 * @throws HostError
 */
export async function installTestPrograms(): Promise<void> {
  const missing: string[] = [];
  for (const { program, package: name } of programs) {
    if ((await findProgram(program)) === undefined) missing.push(name);
  }
  if (missing.length > 0) {
    say(`Installing ${missing.join(" and ")}`);
    await installPackages(missing);
  }
  if ((await findProgram(shell)) !== undefined) return;
  say(`Installing ${shell}`);
  await installPackages([shell]).catch(() => say("It cannot be installed; tests take longer."));
}
