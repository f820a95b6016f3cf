import { Buffer } from "node:buffer";

/** Opcodes of RFC 6455, section 5.2. */
export const opcodes = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

const finalBit = 0x80;

/** Length in bytes of the header that a server's frame of `payloadBytes` needs: 2, 4 or 10. */
export function serverHeaderBytes(payloadBytes: number): number {
  if (payloadBytes <= 125) return 2;
  return payloadBytes <= 0xffff ? 4 : 10;
}

/**
 * Writes the header of a whole unmasked frame (RFC 6455, section 5.2) into `whole` so that it ends
 * where the payload starts, and returns where the header begins. The caller has seen to the room.
 */
export function writeServerHeader(
  whole: Buffer,
  payloadStart: number,
  payloadBytes: number,
  opcode: number,
): number {
  const start = payloadStart - serverHeaderBytes(payloadBytes);
  whole[start] = finalBit | opcode;
  if (payloadBytes <= 125) {
    whole[start + 1] = payloadBytes;
  } else if (payloadBytes <= 0xffff) {
    whole[start + 1] = 126;
    whole.writeUInt16BE(payloadBytes, start + 2);
  } else {
    whole[start + 1] = 127;
    whole.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), start + 2);
    whole.writeUInt32BE(payloadBytes >>> 0, start + 6);
  }
  return start;
}

/** A whole unmasked frame with its payload copied behind the header. */
export function serverFrame(opcode: number, payload: Uint8Array): Buffer {
  const header = serverHeaderBytes(payload.length);
  const frame = Buffer.allocUnsafe(header + payload.length);
  writeServerHeader(frame, header, payload.length, opcode);
  frame.set(payload, header);
  return frame;
}

/** A server's close frame. Reasons past 123 bytes are cut, as a control frame holds no more. */
export function closeFrame(code: number, reason = ""): Buffer {
  const text = Buffer.from(reason, "utf8").subarray(0, 123);
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code, 0);
  payload.set(text, 2);
  return serverFrame(opcodes.close, payload);
}
