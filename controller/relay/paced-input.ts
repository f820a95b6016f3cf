import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Pace } from "./pace.ts";

/** What is taken between two looks at the pace: some hundreds of messages at most. */
const pieceBytes = 4096;

export interface PacedInputOptions {
  readonly source: Duplex;
  readonly pace: Pace;
  /** Gets what came, in small pieces; spends of the pace. */
  readonly take: (piece: Buffer) => void;
  /** False while nothing can be taken for another reason; whoever says so calls `go` later. */
  readonly canTake: () => boolean;
}

/**
 * Reads a client no faster than its pace: the rest of what was read waits here, at most one read, and
 * all else in the client's own buffers.
 */
export class PacedInput {
  readonly #options: PacedInputOptions;
  #rest: Buffer = Buffer.alloc(0);
  #timer: NodeJS.Timeout | undefined;
  #unlimited = false;

  constructor(options: PacedInputOptions) {
    this.#options = options;
  }

  receive(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.go();
  }

  /** Goes on as far as it is allowed to. */
  go(): void {
    clearTimeout(this.#timer);
    const { source, take } = this.#options;
    while (this.#rest.length > 0 && this.#mayTake()) {
      const piece = this.#rest.subarray(0, pieceBytes);
      this.#rest = this.#rest.subarray(piece.length);
      take(piece);
    }
    if (this.#mayTake()) source.resume();
    else source.pause();
  }

  /** From now on everything is taken at once: it asks nothing of anybody any more. */
  unlimit(): void {
    this.#unlimited = true;
    this.go();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#rest = Buffer.alloc(0);
  }

  #mayTake(): boolean {
    if (this.#unlimited) return true;
    if (!this.#options.canTake()) return false;
    const waitMs = this.#options.pace.waitMs();
    if (waitMs === 0) return true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.go(), waitMs);
    return false;
  }
}
