import { Buffer } from "node:buffer";

/** Free bytes in front of every block, enough for the longest WebSocket header a server writes. */
export const headroomBytes = 16;

/** What one read into the shared buffer can bring, and the room of a small block. */
export const smallBlockBytes = 64 * 1024;

/** The room of a large block, lent to connections that move much. */
export const largeBlockBytes = 256 * 1024;

/**
 * A piece of lent memory. `whole` begins with `headroomBytes` free bytes, `room` is what follows
 * them: read into `room`, write a header backwards from its start.
 */
export interface Block {
  readonly whole: Buffer;
  readonly room: Buffer;
  readonly large: boolean;
}

/** Limits of a pool, in blocks. */
export interface PoolLimits {
  /** Large blocks lent at once; past it a connection goes on with the shared buffer. */
  readonly largeLent: number;
  /** Large blocks kept for reuse. */
  readonly largeKept: number;
  /** Small blocks kept for reuse. */
  readonly smallKept: number;
}

const defaultLimits: PoolLimits = { largeLent: 512, largeKept: 16, smallKept: 64 };

/**
 * Memory shared by all connections of a process. Idle connections read into one `shared` buffer
 * and copy out; only busy ones hold blocks of their own, so ten thousand idle ones cost nothing.
 * Blocks are lent last in, first out: the one that comes back first is still in the cache.
 */
export class BufferPool {
  /** Where every quiet connection reads to. Its bytes are valid only within the read's callback. */
  readonly shared: Buffer = Buffer.allocUnsafeSlow(smallBlockBytes);
  readonly #limits: PoolLimits;
  readonly #small: Block[] = [];
  readonly #large: Block[] = [];
  #smallLent = 0;
  #largeLent = 0;

  constructor(limits: Partial<PoolLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** Lends a block of `smallBlockBytes`; never fails. */
  takeSmall(): Block {
    this.#smallLent += 1;
    return this.#small.pop() ?? makeBlock(smallBlockBytes, false);
  }

  /** Lends a block of `largeBlockBytes`, or nothing when as many as allowed are out. */
  takeLarge(): Block | undefined {
    if (this.#largeLent >= this.#limits.largeLent) return undefined;
    this.#largeLent += 1;
    return this.#large.pop() ?? makeBlock(largeBlockBytes, true);
  }

  /** Takes a block back for reuse. The caller no longer touches it. */
  give(block: Block): void {
    const kept = block.large ? this.#large : this.#small;
    const limit = block.large ? this.#limits.largeKept : this.#limits.smallKept;
    this.forget(block);
    if (kept.length < limit) kept.push(block);
  }

  /** Strikes a block off the books whose memory something may still be using: never reused. */
  forget(block: Block): void {
    if (block.large) this.#largeLent -= 1;
    else this.#smallLent -= 1;
  }

  /** Bytes lent to connections right now. */
  get lentBytes(): number {
    return this.#smallLent * smallBlockBytes + this.#largeLent * largeBlockBytes;
  }
}

function makeBlock(roomBytes: number, large: boolean): Block {
  const whole = Buffer.allocUnsafeSlow(headroomBytes + roomBytes);
  return { whole, room: whole.subarray(headroomBytes), large };
}
