import { Buffer } from "node:buffer";
import { type Arbitrary, array, constant, nat, oneof } from "fast-check";

const singleBytesLimit = 500;

/** Ways to cut `bytes` into chunks, empty ones and single bytes included; for fast-check. */
export function splits(bytes: Buffer): Arbitrary<Buffer[]> {
  const cuts = array(nat(bytes.length), { maxLength: Math.min(bytes.length, 40) });
  const singleBytes = Math.min(bytes.length, singleBytesLimit);
  const byteByByte = constant(Array.from({ length: singleBytes }, (_, i) => i));
  return oneof(cuts, byteByByte).map((at) => {
    const edges = [0, ...at.toSorted((a, b) => a - b), bytes.length];
    // Copies: readers may overwrite what they are given.
    return edges.slice(1).map((end, i) => Buffer.from(bytes.subarray(edges[i], end)));
  });
}
