/** Homes and experiments' folders: found, or made where the site leaves that to ASCI. */
import { execFile } from "node:child_process";
import { constants, type Stats } from "node:fs";
import { mkdir, mkdtemp, open, realpath, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { canAnyoneSwap, canSwap, walk, WalkError, type ForWhom } from "./walk.ts";

const run = promisify(execFile);

export interface FolderWish {
  readonly path: string;
  readonly person: ForWhom;
  /** As whose, and with which mode, it is made where it is missing; null: it is not. */
  readonly make: { readonly uid: number; readonly gid: number; readonly mode: number } | null;
}

export interface Room {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Whether it is this folder's alone, e.g. by a quota; else what lies beside it shares the room. */
  readonly own: boolean;
}

/** Of what keeps root out, as a file server does with `root_squash`. */
const keptOut = new Set(["EACCES", "EPERM", "EROFS"]);

/** Gives it to its owner by a handle: whatever lies under its name by then. */
async function giveTo(path: string, { uid, gid, mode }: NonNullable<FolderWish["make"]>) {
  const folder = await open(
    path,
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  );
  try {
    await folder.chown(uid, gid);
    // After the owner: a change of owner takes the set-gid bit away.
    await folder.chmod(mode);
  } finally {
    await folder.close();
  }
}

/** Complete before it gets its name, and never in the place of what has the name already. */
async function makeFolder(path: string, make: NonNullable<FolderWish["make"]>): Promise<void> {
  const fresh = await mkdtemp(join(dirname(path), ".new-"));
  try {
    await giveTo(fresh, make);
    // rename(2) would replace an empty folder that another node has just made.
    await run("/usr/bin/mv", ["--no-clobber", "--no-target-directory", fresh, path]).catch(
      () => {},
    );
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/**
 * What is there is its owner's affair: it is never given another owner or mode. What is missing is made
 * only where nobody but root has a hand in the way to it.
 *
 * @returns the folder's path without links
 * @throws WalkError
 */
export async function findFolder({ path, person, make }: FolderWish): Promise<string> {
  const way = {
    swap: (parent: Stats, child: Pick<Stats, "uid">) => canSwap(parent, child, person),
  };
  try {
    return await walk(path, way);
  } catch (error) {
    if (!make || !(error instanceof WalkError) || error.code !== "missing") throw error;
  }
  const making = {
    swap: canAnyoneSwap,
    make: async (missing: string, last: boolean) => {
      try {
        await (last ? makeFolder(missing, make) : mkdir(missing, { mode: 0o711 }));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") return;
        if (keptOut.has(code ?? "")) throw new WalkError("refused", missing, { cause: error });
        throw error;
      }
    },
  };
  return walk(path, making);
}

/** Room in a folder for those who are not root. */
export async function roomIn(path: string): Promise<Room> {
  const folder = await realpath(path);
  const [own, around] = await Promise.all([statfs(folder), statfs(dirname(folder))]);
  return {
    totalBytes: own.blocks * own.bsize,
    freeBytes: own.bavail * own.bsize,
    own: around.blocks > 0 && own.blocks * own.bsize !== around.blocks * around.bsize,
  };
}
