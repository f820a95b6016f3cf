import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Failure } from "./failure.ts";
import { onEndingSignal } from "./signals.ts";
import { say } from "./terminal.ts";

/**
 * One machine with everything on it needs root: people's homes belong to their own uids. Without it, the same command
 * is run again by sudo, and its exit code is returned; undefined where we are root already.
 * @throws Failure `not_root`
 */
export async function rerunAsRoot(argv: readonly string[]): Promise<number | undefined> {
  if (process.getuid?.() === 0) return undefined;
  const sudo = await findSudo();
  if (process.getuid === undefined || sudo === undefined) {
    throw new Failure(
      "not_root",
      "ASCI needs root on this machine, for people's own user ids, and there is no sudo: run it as root.",
    );
  }
  say("ASCI needs root on this machine, for people's own user ids: going on by sudo.");
  const child = spawn(sudo, ["-E", process.execPath, ...argv], { stdio: "inherit" });
  // The terminal gives Ctrl-C to sudo as well, and sudo passes on what only we get.
  const release = onEndingSignal((_request, signal) => void child.kill(signal));
  const [code] = (await once(child, "exit")) as [number | null];
  release();
  return code ?? 1;
}

async function findSudo(): Promise<string | undefined> {
  for (const directory of (process.env["PATH"] ?? "/usr/bin").split(delimiter)) {
    const path = join(directory, "sudo");
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return undefined;
}
