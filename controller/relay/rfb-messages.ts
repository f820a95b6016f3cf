import { Buffer } from "node:buffer";

/** What was wrong with a client's messages. */
export type RfbMessageFault =
  /** A type, subtype or operation that is not known, so that nobody can tell where it ends. */
  | "unknown_type"
  | "too_many_encodings"
  | "fence_too_long";

/** A client whose messages cannot be followed any further; `code` says why. */
export class RfbMessageError extends Error {
  override readonly name = "RfbMessageError";
  readonly code: RfbMessageFault;

  constructor(code: RfbMessageFault, detail: string) {
    super(`rfb: ${detail}`);
    this.code = code;
  }
}

/** Messages of bounded length, handed on whole. */
export type WholeKind =
  "pixelFormat" | "encodings" | "updateRequest" | "continuousUpdates" | "fence";

/** Messages of which only the beginning is looked at; they may be gigabytes long. */
export type SkippedKind =
  | "key"
  | "pointer"
  /** Text that the client's person copied, or the announcement of it. */
  | "cutText"
  /** What a client's clipboard says by itself: its abilities, and asking for the server's. */
  | "clipboardTalk"
  | "xvp"
  | "desktopSize"
  | "gii"
  | "qemuKey"
  | "qemuAudio";

/** Who is told of a client's messages, in their order. */
export interface ClientMessageReceiver {
  /** The message is `bytes` from `start` to `end`. The bytes are not written to afterwards. */
  whole(kind: WholeKind, bytes: Buffer, start: number, end: number): void;
  /** A message of that kind began; it may be incomplete, and is skipped. */
  skipped(kind: SkippedKind): void;
}

/** The pseudo-encoding for more than seven mouse buttons. */
export const extendedMouseEncoding = -316;

/** What a client may list in one SetEncodings; noVNC lists 25. */
export const encodingsLimit = 1024;

const fenceLimitBytes = 64;
const encodingsHeadBytes = 4;
const provideOrNotify = 0x18;

const types = {
  pixelFormat: 0,
  encodings: 2,
  updateRequest: 3,
  key: 4,
  pointer: 5,
  cutText: 6,
  continuousUpdates: 150,
  fence: 248,
  xvp: 250,
  desktopSize: 251,
  gii: 253,
  qemu: 255,
} as const;

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

/** How many bytes of a message tell how long it is; `available` (at least 1) are there. */
function headBytes(bytes: Buffer, at: number, available: number): number {
  switch (bytes[at]) {
    case types.pixelFormat:
    case types.updateRequest:
    case types.key:
    case types.continuousUpdates:
    case types.xvp:
      return 1;
    case types.pointer:
      return 2;
    case types.encodings:
    case types.gii:
    case types.qemu:
      return 4;
    case types.cutText:
      // The first byte of an extended message says what it is for.
      return available >= 8 && bytes.readInt32BE(at + 4) < 0 ? 9 : 8;
    case types.desktopSize:
      return 8;
    case types.fence:
      return 9;
    default:
      throw new RfbMessageError("unknown_type", `message type ${bytes[at]}`);
  }
}

/** The length of a message whose head is there. */
function messageBytes(bytes: Buffer, at: number, extendedMouse: boolean): number {
  switch (bytes[at]) {
    case types.pixelFormat:
      return 20;
    case types.encodings:
      return encodingsHeadBytes + 4 * encodingsCount(bytes, at);
    case types.key:
      return 8;
    case types.pointer:
      return extendedMouse && bytes.readUInt8(at + 1) >= 0x80 ? 7 : 6;
    case types.cutText:
      return 8 + Math.abs(bytes.readInt32BE(at + 4));
    case types.fence:
      return 9 + fencePayloadBytes(bytes, at);
    case types.xvp:
      return 4;
    case types.desktopSize:
      return 8 + 16 * bytes.readUInt8(at + 6);
    case types.gii:
      return 4 + giiPayloadBytes(bytes, at);
    case types.qemu:
      return qemuBytes(bytes, at);
    default:
      // FramebufferUpdateRequest and EnableContinuousUpdates.
      return 10;
  }
}

function encodingsCount(bytes: Buffer, at: number): number {
  const count = bytes.readUInt16BE(at + 2);
  if (count > encodingsLimit) throw new RfbMessageError("too_many_encodings", `${count} encodings`);
  return count;
}

function fencePayloadBytes(bytes: Buffer, at: number): number {
  const length = bytes.readUInt8(at + 8);
  if (length > fenceLimitBytes) throw new RfbMessageError("fence_too_long", `${length} bytes`);
  return length;
}

/** The only message whose sender chooses the byte order. */
function giiPayloadBytes(bytes: Buffer, at: number): number {
  const bigEndian = bytes.readUInt8(at + 1) >= 0x80;
  return bigEndian ? bytes.readUInt16BE(at + 2) : bytes.readUInt16LE(at + 2);
}

function qemuBytes(bytes: Buffer, at: number): number {
  const subtype = bytes.readUInt8(at + 1);
  if (subtype === 0) return 12;
  const operation = bytes.readUInt16BE(at + 2);
  if (subtype === 1 && operation <= 2) return operation === 2 ? 10 : 4;
  throw new RfbMessageError("unknown_type", `QEMU message ${subtype}, ${operation}`);
}

function wholeKind(bytes: Buffer, at: number): WholeKind | undefined {
  switch (bytes[at]) {
    case types.pixelFormat:
      return "pixelFormat";
    case types.encodings:
      return "encodings";
    case types.updateRequest:
      return "updateRequest";
    case types.continuousUpdates:
      return "continuousUpdates";
    case types.fence:
      return "fence";
    default:
      return undefined;
  }
}

/** Of a message that is not handed on whole, and whose head is there. */
function skippedKind(bytes: Buffer, at: number): SkippedKind {
  switch (bytes[at]) {
    case types.key:
      return "key";
    case types.pointer:
      return "pointer";
    case types.xvp:
      return "xvp";
    case types.desktopSize:
      return "desktopSize";
    case types.gii:
      return "gii";
    case types.qemu:
      return bytes[at + 1] === 0 ? "qemuKey" : "qemuAudio";
    default:
      return bytes.readInt32BE(at + 4) < 0 && !isOfText(bytes.readUInt8(at + 8))
        ? "clipboardTalk"
        : "cutText";
  }
}

/** Whether an extended clipboard message carries text or says that there is some: notify, provide. */
function isOfText(actions: number): boolean {
  return (actions & provideOrNotify) !== 0 && (actions & 0x01) === 0;
}

/** The encodings that a SetEncodings message lists, in its order. */
export function readEncodings(bytes: Buffer, start: number, end: number): number[] {
  const encodings: number[] = [];
  for (let at = start + encodingsHeadBytes; at < end; at += 4) encodings.push(bytes.readInt32BE(at));
  return encodings;
}

/** A SetEncodings message (RFC 6143, section 7.5.2). */
export function encodingsMessage(encodings: readonly number[]): Buffer {
  const message = Buffer.alloc(encodingsHeadBytes + 4 * encodings.length);
  message.writeUInt8(types.encodings);
  message.writeUInt16BE(encodings.length, 2);
  encodings.forEach((encoding, i) => message.writeInt32BE(encoding, encodingsHeadBytes + 4 * i));
  return message;
}
