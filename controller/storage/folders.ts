/** Homes and experiments' folders: found, or made where the site leaves that to ASCI. */
import { chmod, chown, lstat, mkdir, mkdtemp, rename, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { walk, WalkError, type ForWhom } from "./walk.ts";

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

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
}

async function makeFolder(path: string, { uid, gid, mode }: NonNullable<FolderWish["make"]>) {
  const parent = dirname(path);
  await mkdir(parent, { recursive: true, mode: 0o711 });
  // Complete before it gets its name: a start that is cut off leaves no folder with a wrong owner.
  const fresh = await mkdtemp(join(parent, ".new-"));
  try {
    await chown(fresh, uid, gid);
    // After the owner: a change of owner takes the set-gid bit away.
    await chmod(fresh, mode);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!(await exists(path))) throw error;
  }
}

/**
 * What is there is its owner's affair: it is never given another owner or mode.
 * @returns the folder's path without links
 * @throws WalkError
 */
export async function findFolder({ path, person, make }: FolderWish): Promise<string> {
  try {
    return await walk(path, person);
  } catch (error) {
    if (!make || !(error instanceof WalkError) || error.code !== "missing") throw error;
  }
  await makeFolder(path, make);
  return walk(path, person);
}

/** Room in a folder for those who are not root. */
export async function roomIn(path: string): Promise<Room> {
  const [own, around] = await Promise.all([statfs(path), statfs(dirname(path))]);
  return {
    totalBytes: own.blocks * own.bsize,
    freeBytes: own.bavail * own.bsize,
    own: own.blocks * own.bsize !== around.blocks * around.bsize,
  };
}
