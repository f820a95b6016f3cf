import { Buffer } from "node:buffer";

/** Bytes that came in chunks of any split, taken out in pieces of a wanted length. */
export class ByteQueue {
  #bytes: Buffer = Buffer.alloc(0);

  get length(): number {
    return this.#bytes.length;
  }

  push(chunk: Uint8Array): void {
    this.#bytes =
      this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk]);
  }

  /** The first `count` bytes, which stay, or nothing while there are fewer. */
  peek(count: number): Buffer | undefined {
    return this.#bytes.length < count ? undefined : this.#bytes.subarray(0, count);
  }

  /** Takes out the first `count` bytes, or nothing while there are fewer. */
  take(count: number): Buffer | undefined {
    const taken = this.peek(count);
    if (taken !== undefined) this.#bytes = this.#bytes.subarray(count);
    return taken;
  }
}
