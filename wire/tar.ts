/** Archives as container engines take them: the ustar format (POSIX.1-1988). */

export interface TarFile {
  readonly name: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

const blockBytes = 512;

/**
 * Packs files; whoever unpacks them makes the folders above. Everything belongs to root and to the
 * year 1970, so that the same files give the same bytes everywhere.
 * @throws RangeError where a name is too long for the format
 */
export function packTar(files: readonly TarFile[]): Buffer {
  return Buffer.concat([...files.flatMap(packFile), Buffer.alloc(2 * blockBytes)]);
}

function packFile({ name, content, executable }: TarFile): Uint8Array[] {
  const header = Buffer.alloc(blockBytes);
  const [prefix, base] = splitName(name);
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
