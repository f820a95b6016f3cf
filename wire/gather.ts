import type { Buffer } from "node:buffer";
import type { Block, BufferPool } from "./buffers.ts";

/** A read of more is worth a write of its own. */
const smallBytes = 4 * 1024;

/** What is gathered goes at the latest with this many bytes. */
const enoughBytes = 32 * 1024;

/** Bytes that come after so long without any are the first of something new, and go at once. */
const quietMs = 2;

/** How long bytes wait for more of their kind. */
const waitMs = 1;

/**
 * Makes one write of the many small ones in which a VNC server sends a picture: hundreds of
 * pieces of 16 bytes and more, each of which would be a frame, a packet and a wake-up of the
 * viewer. What begins after a pause goes at once, and so does what answers the other side; only
 * what follows close behind is kept, for about a millisecond.
 */
export class Gather {
  readonly #pool: BufferPool;
  readonly #write: (block: Block, bytes: number) => void;
  #block: Block | undefined;
  #bytes = 0;
  #lastWriteMs = -Infinity;
  #asked = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param write takes the block over */
  constructor(pool: BufferPool, write: (block: Block, bytes: number) => void) {
    this.#pool = pool;
    this.#write = write;
  }

  /** The other side has sent something: what comes next may be the answer, and does not wait. */
  asked(): void {
    this.#asked = true;
  }

  /** @returns whether `chunk` was kept, or written behind what was; else nothing is kept any more */
  take(chunk: Buffer): boolean {
    if (chunk.length > smallBytes || !this.#waits()) {
      this.flush();
      this.#wrote();
      return false;
    }
    this.#block ??= this.#begin();
    chunk.copy(this.#block.room, this.#bytes);
    this.#bytes += chunk.length;
    if (this.#asked || this.#bytes >= enoughBytes) this.flush();
    return true;
  }

  /** Writes what is kept. */
  flush(): void {
    const block = this.#block;
    if (block === undefined) return;
    clearTimeout(this.#timer);
    this.#block = undefined;
    this.#wrote();
    this.#write(block, this.#bytes);
  }

  /** Gives back what is kept, as nobody is there any more to take it. */
  drop(): void {
    clearTimeout(this.#timer);
    if (this.#block !== undefined) this.#pool.give(this.#block);
    this.#block = undefined;
  }

  #waits(): boolean {
    if (this.#block !== undefined) return true;
    return !this.#asked && performance.now() - this.#lastWriteMs < quietMs;
  }

  #begin(): Block {
    this.#bytes = 0;
    this.#timer = setTimeout(() => this.flush(), waitMs);
    return this.#pool.takeSmall();
  }

  #wrote(): void {
    this.#lastWriteMs = performance.now();
    this.#asked = false;
  }
}
