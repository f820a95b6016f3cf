import { Buffer } from "node:buffer";
import type { Socket, OnReadOpts } from "node:net";
import type { Duplex } from "node:stream";
import { type Block, type BufferPool, headroomBytes, smallBlockBytes } from "./buffers.ts";
import { Gather } from "./gather.ts";

/** Writes under way at once before the source is no longer read. */
const inFlightLimit = 1;

/** Full reads of the shared buffer in a row after which a connection gets blocks of its own. */
const fullReadsUntilHot = 2;

/** Small reads in a row after which it gives them back: one alone is often a burst's remainder. */
const smallReadsUntilCold = 2;

/** What a pump keeps of bytes that came before anyone asked for them. */
const heldLimitBytes = 64 * 1024;

/**
 * Decides what is written for one read. The bytes stand in `whole` from `start` to `end`, with
 * `headroomBytes` free in front: return the part to write, with a header or shortened.
 */
export type Shape = (whole: Buffer, start: number, end: number) => Buffer;

/**
 * Moves bytes from a socket that was opened with `onread` to another, with one write per read,
 * backpressure, and memory lent by a {@link BufferPool}.
 *
 * Pass `onread` to `net.connect`, then `attach` the socket. Until told otherwise the pump holds
 * what comes (at most 64 KiB, then it stops reading); `consume` hands it to a handshake, `pipe`
 * moves it from there on. Errors, end and close are the caller's to watch on the sockets.
 */
export class Pump {
  /** The option for `net.connect`. */
  readonly onread: OnReadOpts;
  /** Bytes read from the source since `pipe`. */
  bytes = 0;
  readonly #pool: BufferPool;
  #source: Socket | undefined;
  #sink: Duplex | undefined;
  #shape: Shape | undefined;
  #consumer: ((chunk: Buffer) => void) | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #gather: Gather | undefined;
  #own: Block | undefined;
  #fullReads = 0;
  #smallReads = 0;
  #inFlight: { block: Block; write: number }[] = [];
  #writesIssued = 0;
  #writesDone = 0;
  #paused = false;
  #stopped = false;

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.onread = {
      // @types/node has only the buffer, Node takes a function that returns the next one as well.
      buffer: (() => this.#nextBuffer()) as unknown as Uint8Array,
      callback: (readBytes: number) => this.#read(readBytes),
    };
  }

  /** Tells the pump the socket that `onread` was given to. */
  attach(source: Socket): void {
    this.#source = source;
    source.once("close", () => this.#sourceClosed());
  }

  /** Hands everything that comes to `consumer`, what was held first. The chunks are its own. */
  consume(consumer: (chunk: Buffer) => void): void {
    this.#consumer = consumer;
    this.#emptyHeld((chunk) => this.#consumer?.(chunk));
    this.#resume();
  }

  /** Stops handing out; holds `rest`, which the consumer had too much, and what comes. */
  hold(rest?: Uint8Array): void {
    this.#consumer = undefined;
    if (rest !== undefined && rest.length > 0) this.#keep(Buffer.from(rest));
  }

  /**
   * From here on writes to `sink` what `shape` makes of each read, what was held first.
   * @param gathering small reads close behind each other are written as one: see {@link Gather}
   */
  pipe(sink: Duplex, shape: Shape, { gathering = false } = {}): void {
    this.#consumer = undefined;
    if (gathering) {
      this.#gather = new Gather(this.#pool, (block, bytes) => this.#forwardGathered(block, bytes));
    }
    this.#sink = sink;
    this.#shape = shape;
    sink.once("close", () => this.#sinkClosed());
    this.#emptyHeld((chunk) => this.#forwardHeld(chunk));
    if (this.#inFlight.length < inFlightLimit) this.#resume();
  }

  /** The sink's side has sent something, and what comes next may be the answer to it. */
  asked(): void {
    this.#gather?.asked();
  }

  /** Reads no more, and writes no more than what it has. */
  stop(): void {
    this.#gather?.flush();
    this.#stopped = true;
    this.#source?.pause();
  }

  #read(readBytes: number): boolean {
    if (this.#stopped) return false;
    if (this.#sink === undefined) return this.#readEarly(readBytes);
    if (this.#gather?.take((this.#own?.room ?? this.#pool.shared).subarray(0, readBytes)) !== true)
      this.#forwardRead(readBytes);
    else this.#noteSize(readBytes);
    this.#paused = this.#inFlight.length >= inFlightLimit;
    return !this.#paused && !this.#stopped;
  }

  #forwardRead(readBytes: number): void {
    const block = this.#own ?? this.#copyOfShared(readBytes);
    this.#noteSize(readBytes);
    this.#forward(block, readBytes);
  }

  #forwardGathered(block: Block, bytes: number): void {
    this.#forward(block, bytes);
    if (this.#inFlight.length < inFlightLimit) return;
    this.#paused = true;
    this.#source?.pause();
  }

  #readEarly(readBytes: number): boolean {
    const chunk = Buffer.from(this.#pool.shared.subarray(0, readBytes));
    if (this.#consumer !== undefined) this.#consumer(chunk);
    else this.#keep(chunk);
    // The consumer may have piped or stopped meanwhile.
    this.#paused = this.#sink === undefined && this.#heldBytes >= heldLimitBytes;
    return !this.#paused && !this.#stopped;
  }

  #keep(chunk: Buffer): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
  }

  #emptyHeld(use: (chunk: Buffer) => void): void {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    held.forEach(use);
  }

  #forwardHeld(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += smallBlockBytes) {
      const part = chunk.subarray(at, at + smallBlockBytes);
      const block = this.#pool.takeSmall();
      block.room.set(part);
      this.#forward(block, part.length);
    }
  }

  #copyOfShared(readBytes: number): Block {
    const block = this.#pool.takeSmall();
    this.#pool.shared.copy(block.room, 0, 0, readBytes);
    return block;
  }

  #noteSize(readBytes: number): void {
    const full = readBytes >= smallBlockBytes;
    this.#smallReads = full ? 0 : this.#smallReads + 1;
    if (full) this.#fullReads += 1;
    else if (this.#own === undefined || this.#smallReads >= smallReadsUntilCold)
      this.#fullReads = 0;
  }

  /** Writes a block's first bytes and gives the block back as soon as the kernel has them. */
  #forward(block: Block, bytes: number): void {
    const { whole } = block;
    this.bytes += bytes;
    const chunk = this.#shape?.(whole, headroomBytes, headroomBytes + bytes);
    const sink = this.#sink;
    if (chunk === undefined || sink === undefined || chunk.length === 0 || !sink.writable) {
      if (block !== this.#own) this.#pool.give(block);
      return;
    }
    this.#writesIssued += 1;
    sink.write(chunk, this.#written);
    if (sink.writableLength === 0) {
      // Nothing is left in the process, so this block and all before it are free again.
      this.#freeUpTo(this.#writesIssued);
      if (block !== this.#own) this.#pool.give(block);
      return;
    }
    this.#inFlight.push({ block, write: this.#writesIssued });
    if (block === this.#own) this.#own = undefined;
  }

  readonly #written = (): void => {
    this.#writesDone += 1;
    this.#freeUpTo(this.#writesDone);
    if (this.#paused && this.#inFlight.length < inFlightLimit) this.#resume();
  };

  #freeUpTo(write: number): void {
    for (let first = this.#inFlight[0]; first !== undefined; first = this.#inFlight[0]) {
      if (first.write > write) return;
      this.#inFlight.shift();
      this.#pool.give(first.block);
    }
  }

  /** Node asks after every read where the next one goes; nothing means: as before. */
  #nextBuffer(): Uint8Array | undefined {
    if (this.#fullReads >= fullReadsUntilHot && !this.#stopped) {
      this.#own ??= this.#pool.takeLarge();
    } else if (this.#own !== undefined) {
      this.#pool.give(this.#own);
      this.#own = undefined;
    }
    return this.#own?.room ?? this.#pool.shared;
  }

  #resume(): void {
    this.#paused = false;
    if (!this.#stopped) this.#source?.resume();
  }

  #sourceClosed(): void {
    this.#gather?.flush();
    this.#stopped = true;
    if (this.#own !== undefined) this.#pool.give(this.#own);
    this.#own = undefined;
  }

  #sinkClosed(): void {
    // A write that was cancelled may not have been reported: such blocks are not lent again.
    for (const { block } of this.#inFlight) this.#pool.forget(block);
    this.#inFlight = [];
    this.#gather?.drop();
    this.stop();
  }
}
