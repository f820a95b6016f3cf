import { lchown, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "./failure.ts";

const root = join(import.meta.dirname, "..");

export interface Owner {
  uid: number;
  gid: number;
}

/**
 * Whose clone this is, where it is not ours to leave files in: by sudo we would leave some that the person could not
 * remove. Undefined where we are not root, or the clone is root's.
 */
export async function projectOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = await stat(root);
  return uid === 0 ? undefined : { uid, gid };
}

/** Gives that person what was made at `path`, and everything below it. */
export async function giveToProjectOwner(path: string): Promise<void> {
  const owner = await projectOwner();
  if (owner === undefined) return;
  const entries = await readdir(path, { recursive: true }).catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (entries === undefined) return;
  for (const entry of ["", ...entries]) {
    await lchown(join(path, entry), owner.uid, owner.gid).catch((error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
    });
  }
}
