import type { Buffer } from "node:buffer";
import { opcodes, writeServerHeader } from "../../wire/ws-frame.ts";

/** Makes one binary frame of a read: the header goes into the free bytes in front. */
export function frameInPlace(whole: Buffer, start: number, end: number): Buffer {
  return whole.subarray(writeServerHeader(whole, start, end - start, opcodes.binary), end);
}
