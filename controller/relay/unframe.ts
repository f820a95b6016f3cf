import { Buffer } from "node:buffer";
import { type CloseCode, closeCodes } from "../../wire/close-codes.ts";
import { opcodes } from "../../wire/ws-frame.ts";
import { unmask } from "./unmask.ts";

/** A client that broke the WebSocket protocol; `close` is what to answer it with. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code: number;
  readonly close: CloseCode;

  constructor(close: CloseCode, detail: string) {
    super(`websocket: ${detail}`);
    this.code = close.code;
    this.close = close;
  }
}

/** Who gets what a client sent. Chunks belong to the callee. */
export interface FrameReceiver {
  /** Unmasked payload bytes, in order; frames and messages have no meaning here. */
  data(chunk: Buffer): void;
  ping(payload: Buffer): void;
  pong(payload: Buffer): void;
  /** The client's close frame; nothing after it is looked at. `code` is absent where none came. */
  close(code: number | undefined, reason: string): void;
}

/** The default limit of one frame's payload: a large cut text fits. */
export const defaultFrameLimitBytes = 16 * 1024 * 1024;

const controlLimitBytes = 125;

/**
 * Reads a client's WebSocket frames (RFC 6455, section 5) from chunks of any split, binary only.
 * Payload is passed on as it comes, never collected, and unmasked in place: the chunks given to
 * `push` are overwritten. `push` throws {@link FrameError} and is then not to be called again.
 */
export class ClientFrameReader {
  readonly #receiver: FrameReceiver;
  readonly #limitBytes: number;
  readonly #header = Buffer.alloc(14);
  #headerBytes = 0;
  #headerNeeds = 2;
  #opcode = 0;
  #remaining = 0;
  #inPayload = false;
  readonly #mask = Buffer.alloc(4);
  #maskAt = 0;
  #control = Buffer.alloc(0);
  /** A message is open: its last frame has not begun yet, or is running. */
  #messageOpen = false;
  #closed = false;

  constructor(receiver: FrameReceiver, limitBytes: number = defaultFrameLimitBytes) {
    this.#receiver = receiver;
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#closed) {
      at = this.#inPayload ? this.#readPayload(chunk, at) : this.#readHeader(chunk, at);
    }
  }

  #readHeader(chunk: Buffer, at: number): number {
    const step = Math.min(this.#headerNeeds - this.#headerBytes, chunk.length - at);
    chunk.copy(this.#header, this.#headerBytes, at, at + step);
    this.#headerBytes += step;
    if (this.#headerBytes === this.#headerNeeds) {
      if (this.#headerNeeds === 2) this.#startHeader();
      else this.#endHeader();
    }
    return at + step;
  }

  /** Checks the first two bytes and finds how long the header is. */
  #startHeader(): void {
    const first = this.#header.readUInt8(0);
    const second = this.#header.readUInt8(1);
    const lengthCode = second & 0x7f;
    if ((first & 0x70) !== 0) throw bad("a reserved bit is set");
    if ((second & 0x80) === 0) throw bad("a client's frame is not masked");
    this.#checkOpcode(first & 0x0f, (first & 0x80) !== 0, lengthCode);
    this.#opcode = first & 0x0f;
    this.#headerNeeds = 6 + (lengthCode === 127 ? 8 : lengthCode === 126 ? 2 : 0);
  }

  #checkOpcode(opcode: number, final: boolean, lengthCode: number): void {
    switch (opcode) {
      case opcodes.text:
        throw new FrameError(closeCodes.notBinary, "text on a binary connection");
      case opcodes.binary:
        if (this.#messageOpen) throw bad("a message within a message");
        this.#messageOpen = !final;
        return;
      case opcodes.continuation:
        if (!this.#messageOpen) throw bad("a continuation of nothing");
        this.#messageOpen = !final;
        return;
      case opcodes.close:
      case opcodes.ping:
      case opcodes.pong:
        if (!final) throw bad("a control frame in parts");
        if (lengthCode > controlLimitBytes) throw bad("a control frame too long");
        return;
      default:
        throw bad("an unknown opcode");
    }
  }

  #endHeader(): void {
    this.#remaining = this.#payloadLength();
    this.#header.copy(this.#mask, 0, this.#headerNeeds - 4, this.#headerNeeds);
    this.#maskAt = 0;
    this.#headerBytes = 0;
    this.#headerNeeds = 2;
    this.#inPayload = true;
    if (this.#remaining === 0) this.#endPayload();
  }

  #payloadLength(): number {
    if (this.#headerNeeds === 6) return this.#header.readUInt8(1) & 0x7f;
    if (this.#headerNeeds === 8) return this.#header.readUInt16BE(2);
    const high = this.#header.readUInt32BE(2);
    if (high >= 0x8000_0000) throw bad("a length with its highest bit set");
    const length = high * 2 ** 32 + this.#header.readUInt32BE(6);
    if (length > this.#limitBytes) throw new FrameError(closeCodes.tooBig, "a frame too big");
    return length;
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = at + Math.min(this.#remaining, chunk.length - at);
    const part = chunk.subarray(at, end);
    unmask(part, this.#mask, this.#maskAt);
    this.#maskAt = (this.#maskAt + part.length) & 3;
    this.#remaining -= part.length;
    if (this.#opcode < opcodes.close) this.#receiver.data(part);
    else this.#control = Buffer.concat([this.#control, part]);
    if (this.#remaining === 0) this.#endPayload();
    return end;
  }

  #endPayload(): void {
    this.#inPayload = false;
    const payload = this.#control;
    this.#control = Buffer.alloc(0);
    if (this.#opcode === opcodes.ping) this.#receiver.ping(payload);
    else if (this.#opcode === opcodes.pong) this.#receiver.pong(payload);
    else if (this.#opcode === opcodes.close) this.#readClose(payload);
  }

  #readClose(payload: Buffer): void {
    this.#closed = true;
    if (payload.length === 0) {
      this.#receiver.close(undefined, "");
      return;
    }
    if (payload.length === 1) throw bad("a close code of one byte");
    const code = payload.readUInt16BE(0);
    if (!isCloseCode(code)) throw bad("a close code that may not be sent");
    this.#receiver.close(code, utf8(payload.subarray(2)));
  }
}

/** Codes that may stand in a close frame (RFC 6455, section 7.4, and its registry). */
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FrameError(closeCodes.badText, "a close reason that is not UTF-8");
  }
}

function bad(detail: string): FrameError {
  return new FrameError(closeCodes.badFrame, detail);
}
