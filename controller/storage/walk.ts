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
 * Whether anybody but root could. Where root itself makes something nobody else may have a hand in the
 * way to it: what it does goes by names.
 */
export function canAnyoneSwap(
  parent: Pick<Stats, "uid" | "mode">,
  child: Pick<Stats, "uid">,
): boolean {
  if (parent.uid !== 0) return true;
  return (parent.mode & 0o022) !== 0 && ((parent.mode & 0o1000) === 0 || child.uid !== 0);
}

interface Way {
  readonly swap: (parent: Stats, child: Pick<Stats, "uid">) => boolean;
  /** Makes what is missing; without it that is a fault. */
  readonly make?: (path: string, last: boolean) => Promise<void>;
}

async function lookOrMake(
  here: Stats,
  at: string,
  next: string,
  { way, last }: { way: Way; last: boolean },
): Promise<Stats> {
  try {
    return await look(next);
  } catch (error) {
    if (!(error instanceof WalkError) || error.code !== "missing") throw error;
    if (way.swap(here, { uid: 0 })) throw new WalkError("open", at);
    if (!way.make) throw error;
  }
  await way.make(next, last);
  return look(next);
}

/**
 * Follows a path to a folder. Links count where root made them, and nobody whom `way.swap` knows can
 * change the folders that they lie in.
 *
 * @returns the path without links
 * @throws WalkError
 */
export async function walk(path: string, way: Way): Promise<string> {
  const names = path.split("/").filter(Boolean);
  let at = "/";
  let here = await look(at);
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = join(at, name);
    const found = await lookOrMake(here, at, next, { way, last: names.length === 0 });
    if (way.swap(here, found)) throw new WalkError("open", at);
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
