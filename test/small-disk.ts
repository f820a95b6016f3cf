/** A file system of its own in a file, so that filling it fills nothing else. */
import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { system } from "./outside.ts";

/** Mounts a new ext4 file system of that size over `folder`, which exists. */
export async function mountSmall(folder: string, bytes: number): Promise<void> {
  const image = imageOf(folder);
  const file = await open(image, "w");
  await file.truncate(bytes);
  await file.close();
  await system("mke2fs", "-q", "-t", "ext4", "-m", "0", image);
  await system("mount", "-o", "loop", image, folder);
}

/** Leaves the empty folder. */
export async function unmountSmall(folder: string): Promise<void> {
  await system("umount", folder);
  await rm(imageOf(folder));
}

function imageOf(folder: string): string {
  return `${folder}.image`;
}

/**
 * Takes every block that is left, as a program that filled the disk would have.
 * @returns what gives them back
 */
export async function fill(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "filled");
  const file = await open(path, "w");
  const part = Buffer.alloc(64 * 1024, "x");
  try {
    // The last blocks of a file system come in small pieces.
    for (let size = part.length; size >= 512; size /= 2) await writeWhileRoom(file, part, size);
    await file.sync().catch(() => {});
  } finally {
    await file.close();
  }
  const { bavail } = await statfs(folder);
  if (bavail > 0) throw new Error(`${folder} has still ${bavail} blocks`);
  return () => rm(path);
}

async function writeWhileRoom(
  file: Awaited<ReturnType<typeof open>>,
  part: Buffer,
  size: number,
): Promise<void> {
  try {
    for (;;) await file.write(part, 0, size);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
