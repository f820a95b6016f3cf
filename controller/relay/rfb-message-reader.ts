import { Buffer } from "node:buffer";
import {
  type SkippedKind,
  type WholeKind,
  headBytes,
  messageBytes,
  skippedKind,
  wholeKind,
} from "./rfb-messages.ts";

/** Who is told of a client's messages, in their order. */
export interface ClientMessageReceiver {
  /** The message is `bytes` from `start` to `end`. The bytes are not written to afterwards. */
  whole(kind: WholeKind, bytes: Buffer, start: number, end: number): void;
  /** A message of that kind began; it may be incomplete, and is skipped. */
  skipped(kind: SkippedKind): void;
}

/**
 * Follows the messages of an RFB client after ClientInit (RFC 6143, section 7.5, and the extensions
 * that the community's rfbproto describes) through chunks of any split. Holds at most one message
 * of bounded length. `push` throws {@link RfbMessageError} and is then not to be called again.
 */
export class ClientMessageReader {
  readonly #receiver: ClientMessageReceiver;
  /** The beginning of a message that was cut off by a chunk's end. */
  #part: Buffer = Buffer.alloc(0);
  #partBytes = 0;
  #skipBytes = 0;
  /** A pointer event whose highest bit is set has one byte more. */
  #extendedMouse = false;

  constructor(receiver: ClientMessageReceiver) {
    this.#receiver = receiver;
  }

  /** Says that the server was told of a client that lists `extendedMouseEncoding`, or does not. */
  setExtendedMouse(negotiated: boolean): void {
    this.#extendedMouse = negotiated;
  }

  /** Memory that an incomplete message takes. */
  get heldBytes(): number {
    return this.#part.length;
  }

  push(chunk: Buffer): void {
    let at = Math.min(this.#skipBytes, chunk.length);
    this.#skipBytes -= at;
    while (this.#partBytes > 0 && at < chunk.length) at = this.#completePart(chunk, at);
    while (at < chunk.length) {
      const taken = this.#take(chunk, at, chunk.length);
      if (taken === 0) {
        this.#addToPart(chunk, at, chunk.length);
        return;
      }
      at += taken;
    }
  }

  /**
   * Handles the message that begins at `at` and gives the number of its bytes before `end`; 0 while
   * they are too few.
   */
  #take(bytes: Buffer, at: number, end: number): number {
    const available = end - at;
    if (available < headBytes(bytes, at, available)) return 0;
    const length = messageBytes(bytes, at, this.#extendedMouse);
    const kind = wholeKind(bytes, at);
    if (kind === undefined) {
      this.#receiver.skipped(skippedKind(bytes, at));
      if (length <= available) return length;
      this.#skipBytes = length - available;
      return available;
    }
    if (length > available) return 0;
    this.#receiver.whole(kind, bytes, at, at + length);
    return length;
  }

  /** Adds as many bytes as bring the part further, tries it, and gives where the chunk goes on. */
  #completePart(chunk: Buffer, at: number): number {
    const needs = this.#partNeeds();
    const end = Math.min(at + needs - this.#partBytes, chunk.length);
    this.#addToPart(chunk, at, end);
    if (this.#partBytes < needs) return end;
    const part = this.#part;
    if (this.#take(part, 0, this.#partBytes) === 0) return end;
    this.#part = Buffer.alloc(0);
    this.#partBytes = 0;
    const skipped = Math.min(this.#skipBytes, chunk.length - end);
    this.#skipBytes -= skipped;
    return end + skipped;
  }

  /** How many bytes of the message must be there before it can be tried again. */
  #partNeeds(): number {
    const needs = headBytes(this.#part, 0, this.#partBytes);
    return this.#partBytes < needs ? needs : messageBytes(this.#part, 0, this.#extendedMouse);
  }

  #addToPart(chunk: Buffer, start: number, end: number): void {
    const bytes = this.#partBytes + end - start;
    if (this.#part.length < bytes) {
      const larger = Buffer.allocUnsafe(Math.max(32, bytes * 2));
      this.#part.copy(larger, 0, 0, this.#partBytes);
      this.#part = larger;
    }
    chunk.copy(this.#part, this.#partBytes, start, end);
    this.#partBytes = bytes;
  }
}
