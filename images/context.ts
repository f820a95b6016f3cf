import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { packTar, type TarFile } from "../wire/tar.ts";

/** What is sent to the engine to build an image from: one tar archive and the hash of what it holds. */
export interface BuildContext {
  archive: Buffer;
  /** Hex SHA-256 of the archive: the same files give the same hash on every machine. */
  hash: string;
}

/**
 * Packs some files and folders of a directory. Owner, mode and time of the entries do not depend on the checkout they
 * come from: a file that begins with "#!" is executable, everything belongs to root and to the year 1970.
 * @param entries names directly below `directory`; folders are taken whole
 */
export async function packContext(
  directory: string,
  entries: readonly string[],
): Promise<BuildContext> {
  const files: TarFile[] = [];
  for (const entry of entries) files.push(...(await collectFiles(directory, entry)));
  const archive = packTar(files);
  return { archive, hash: createHash("sha256").update(archive).digest("hex") };
}

async function collectFiles(directory: string, name: string): Promise<TarFile[]> {
  const path = join(directory, name);
  const children = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (children === undefined) return [describe(name, await readFile(path))];
  const names = children.map((child) => child.name).sort();
  const nested = await Promise.all(
    names.map((child) => collectFiles(directory, `${name}/${child}`)),
  );
  return nested.flat();
}

function describe(name: string, content: Buffer): TarFile {
  return { name, content, executable: content.subarray(0, 2).toString("latin1") === "#!" };
}
