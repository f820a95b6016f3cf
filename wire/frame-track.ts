import type { Buffer } from "node:buffer";
import { opcodes } from "./ws-frame.ts";

/**
 * Follows a server's frames as they pass, without touching them, so that a close frame can be put
 * between two frames at any moment. It looks at headers only and steps over payloads: the cost is
 * a subtraction for most reads. Frames split anywhere are fine.
 */
export class FrameTracker {
  #remaining = 0;
  #header: number[] = [];
  #closing = false;
  #broken = false;

  /** Whether the bytes seen so far end exactly between two frames. */
  get atBoundary(): boolean {
    return this.#remaining === 0 && this.#header.length === 0 && !this.#broken;
  }

  /** Whether a close frame's header has passed: nothing may follow that frame. */
  get sawClose(): boolean {
    return this.#closing;
  }

  /** Whether the bytes were no server's frames; boundaries are unknown from there on. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Follows the bytes from `start` to `end`. */
  advance(bytes: Buffer, start: number, end: number): void {
    this.#walk(bytes, start, end, false);
  }

  /** Follows the bytes to the first boundary, and returns where that is, or `end`. */
  advanceToBoundary(bytes: Buffer, start: number, end: number): number {
    return this.#walk(bytes, start, end, true);
  }

  #walk(bytes: Buffer, start: number, end: number, stopAtBoundary: boolean): number {
    let at = start;
    while (at < end && !this.#broken) {
      if (this.#remaining > 0) {
        const step = Math.min(this.#remaining, end - at);
        this.#remaining -= step;
        at += step;
      } else {
        // A subscript within start and end always holds a byte.
        this.#header.push(bytes[at] as number);
        at += 1;
        this.#readHeader();
      }
      if (stopAtBoundary && this.atBoundary) return at;
    }
    return end;
  }

  #readHeader(): void {
    const header = this.#header;
    const [first, second] = header;
    if (first === undefined || second === undefined) return;
    if (second >= 0x80) {
      this.#broken = true;
      return;
    }
    const lengthBytes = second === 127 ? 8 : second === 126 ? 2 : 0;
    if (header.length < 2 + lengthBytes) return;
    this.#remaining =
      lengthBytes === 0 ? second : header.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
    if ((first & 0x0f) === opcodes.close) this.#closing = true;
    this.#header = [];
  }
}
