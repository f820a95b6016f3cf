import { Buffer } from "node:buffer";

/** What was wrong with a client's messages. */
export type RfbMessageFault =
  /** A type, subtype or operation that is not known, so that nobody can tell where it ends. */
  "unknown_type" | "too_many_encodings" | "fence_too_long";

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
  | "pixelFormat"
  | "encodings"
  | "updateRequest"
  | "continuousUpdates"
  | "fence";

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
 * How many bytes of the message at `at` tell its kind and length; `available` (at least 1) are
 * there. Throws {@link RfbMessageError}.
 */
export function headBytes(bytes: Buffer, at: number, available: number): number {
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

/** The length of a message whose head is there, in bytes. Throws {@link RfbMessageError}. */
export function messageBytes(bytes: Buffer, at: number, extendedMouse: boolean): number {
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

/** The kind of a message that is handed on whole, or nothing for the others. */
export function wholeKind(bytes: Buffer, at: number): WholeKind | undefined {
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
export function skippedKind(bytes: Buffer, at: number): SkippedKind {
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

/** Whether a FramebufferUpdateRequest asks for changes only (RFC 6143, section 7.5.3). */
export function isIncremental(bytes: Buffer, start: number): boolean {
  return bytes[start + 1] !== 0;
}

/** The encodings that a SetEncodings message lists, in its order. */
export function readEncodings(bytes: Buffer, start: number, end: number): number[] {
  const encodings: number[] = [];
  for (let at = start + encodingsHeadBytes; at < end; at += 4)
    encodings.push(bytes.readInt32BE(at));
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
