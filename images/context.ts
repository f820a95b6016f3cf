import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What is sent to the engine to build an image from: one tar archive and the hash of what it holds. */
export interface BuildContext {
  archive: Buffer;
  /** Hex SHA-256 of the archive: the same files give the same hash on every machine. */
  hash: string;
}

interface Entry {
  name: string;
  content: Buffer;
}

const blockBytes = 512;

/**
 * Packs some files and folders of a directory. Owner, mode and time of the entries do not depend on the checkout they
 * come from: a file that begins with "#!" is executable, everything belongs to root and to the year 1970.
 * @param entries names directly below `directory`; folders are taken whole
 */
export async function packContext(
  directory: string,
  entries: readonly string[],
): Promise<BuildContext> {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    for (const file of await collectFiles(directory, entry)) blocks.push(...tarEntry(file));
  }
  blocks.push(Buffer.alloc(2 * blockBytes));
  const archive = Buffer.concat(blocks);
  return { archive, hash: createHash("sha256").update(archive).digest("hex") };
}

async function collectFiles(directory: string, name: string): Promise<Entry[]> {
  const path = join(directory, name);
  const children = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (children === undefined) return [{ name, content: await readFile(path) }];
  const names = children.map((child) => child.name).sort();
  const nested = await Promise.all(
    names.map((child) => collectFiles(directory, `${name}/${child}`)),
  );
  return nested.flat();
}

/** One file in the ustar format (POSIX.1-1988); the engine makes the folders above it, as 0755. */
function tarEntry({ name, content }: Entry): Buffer[] {
  const header = Buffer.alloc(blockBytes);
  const [prefix, base] = splitName(name);
  const executable = content.subarray(0, 2).toString("latin1") === "#!";
  header.write(base, 0, 100, "utf8");
  header.write(octal(executable ? 0o755 : 0o644, 7), 100, "latin1");
  header.write(octal(0, 7), 108, "latin1");
  header.write(octal(0, 7), 116, "latin1");
  header.write(octal(content.length, 11), 124, "latin1");
  header.write(octal(0, 11), 136, "latin1");
  header.write(" ".repeat(8), 148, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  header.write(prefix, 345, 155, "utf8");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\u0000 `, 148, "latin1");
  const padding = (blockBytes - (content.length % blockBytes)) % blockBytes;
  return [header, content, Buffer.alloc(padding)];
}

function splitName(name: string): [prefix: string, base: string] {
  if (Buffer.byteLength(name) <= 100) return ["", name];
  const cut = name.lastIndexOf("/", 155);
  const base = name.slice(cut + 1);
  if (cut < 1 || Buffer.byteLength(base) > 100) throw new RangeError(`name too long: ${name}`);
  return [name.slice(0, cut), base];
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
