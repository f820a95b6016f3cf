import { stat } from "node:fs/promises";
import type { SystemUser } from "./system-user.ts";

const setpriv = "/usr/bin/setpriv";

/** A command line, and what else spawn must be given to run it. */
export interface Command {
  file: string;
  args: string[];
  ids: { uid: number; gid: number } | Record<string, never>;
}

/**
 * The command line that runs a program as `user` (undefined: as ourselves). With `pdeathsig` the kernel sends it that
 * signal when the thread that started it ends, however that happens.
 */
export async function asUser(
  user: SystemUser | undefined,
  argv: readonly string[],
  pdeathsig?: "INT",
): Promise<Command> {
  const [program = "", ...args] = argv;
  const ids = user === undefined ? {} : { uid: user.uid, gid: user.gid };
  if (!(await stat(setpriv).catch(() => undefined))) return { file: program, args, ids };
  const switchUser =
    user === undefined ? [] : [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  const die = pdeathsig === undefined ? [] : ["--pdeathsig", pdeathsig];
  const options = ["--no-new-privs", ...switchUser, ...die, "--"];
  return { file: setpriv, args: [...options, program, ...args], ids: {} };
}
