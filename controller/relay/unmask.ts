import type { Buffer } from "node:buffer";
import { endianness } from "node:os";

const littleEndian = endianness() === "LE";

/** Below this the set-up of whole words costs more than it saves. */
const wordsFromBytes = 48;

/**
 * Takes a client's mask off `bytes` in place (RFC 6455, section 5.3). `maskAt` is the position in
 * the payload of the first byte, modulo 4.
 */
export function unmask(bytes: Buffer, mask: Buffer, maskAt: number): void {
  const length = bytes.length;
  let at = 0;
  if (length >= wordsFromBytes) {
    const lead = (4 - (bytes.byteOffset & 3)) & 3;
    unmaskBytes(bytes, 0, lead, mask, maskAt);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + lead, (length - lead) >> 2);
    const word = maskWord(mask, maskAt + lead);
    // The subscripts of the loop are within the array.
    for (let i = 0; i < words.length; i += 1) words[i] = (words[i] as number) ^ word;
    at = lead + words.length * 4;
  }
  unmaskBytes(bytes, at, length, mask, maskAt);
}

function unmaskBytes(
  bytes: Buffer,
  start: number,
  end: number,
  mask: Buffer,
  maskAt: number,
): void {
  for (let i = start; i < end; i += 1) {
    bytes[i] = (bytes[i] as number) ^ (mask[(maskAt + i) & 3] as number);
  }
}

/** The mask as one word of this machine's byte order, beginning at the mask's byte `maskAt`. */
function maskWord(mask: Buffer, maskAt: number): number {
  let word = 0;
  for (let i = 0; i < 4; i += 1) {
    const byte = mask[(maskAt + i) & 3] as number;
    word |= byte << (littleEndian ? 8 * i : 24 - 8 * i);
  }
  return word;
}
