/** The way to a folder on the site's storage, looked at step by step: nobody whose it is may lead it elsewhere. */
import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { join, resolve } from "node:path";

/** For whom the folder is mounted. */
export interface ForWhom {
  readonly uid: number;
  readonly gids: readonly number[];
}

export type WalkFault = "missing" | "refused" | "not_folder" | "link" | "open";

export class WalkError extends Error {
  readonly code: WalkFault;
  /** Where on the way. */
  readonly path: string;
  constructor(code: WalkFault, path: string, options?: ErrorOptions) {
    super(`${path}: ${code}`, options);
    this.name = "WalkError";
    this.code = code;
    this.path = path;
  }
}

const maxLinks = 16;

async function look(path: string): Promise<Stats> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new WalkError("missing", path, { cause: error });
    if (code === "ENOTDIR") throw new WalkError("not_folder", path, { cause: error });
    if (code === "EACCES" || code === "EPERM")
      throw new WalkError("refused", path, { cause: error });
    throw error;
  }
}

/** Whether this person could put something else in the place of what lies in a folder. */
export function canSwap(
  parent: Pick<Stats, "uid" | "gid" | "mode">,
  child: Pick<Stats, "uid">,
  { uid, gids }: ForWhom,
): boolean {
  if (parent.uid === uid) return true;
  const writes =
    (parent.mode & 0o002) !== 0 || ((parent.mode & 0o020) !== 0 && gids.includes(parent.gid));
  if (!writes) return false;
  const sticky = (parent.mode & 0o1000) !== 0;
  return !sticky || child.uid === uid;
}

/**
 * Follows a path to a folder. Links count where root made them and this person can change none of the
 * folders that they lie in.
 *
 * @returns the path without links
 * @throws WalkError
 */
export async function walk(path: string, person: ForWhom): Promise<string> {
  const names = path.split("/").filter(Boolean);
  let at = "/";
  let here = await look(at);
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = join(at, name);
    const found = await look(next);
    if (canSwap(here, found, person)) throw new WalkError("open", at);
    if (found.isSymbolicLink()) {
      links += 1;
      if (found.uid !== 0 || links > maxLinks) throw new WalkError("link", next);
      names.unshift(
        ...resolve(at, await readlink(next))
          .split("/")
          .filter(Boolean),
      );
      at = "/";
      here = await look(at);
      continue;
    }
    if (!found.isDirectory()) throw new WalkError("not_folder", next);
    at = next;
    here = found;
  }
  return at;
}
