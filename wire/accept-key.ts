import { createHash } from "node:crypto";

const acceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC 6455, section 4.2.2). */
export function acceptKey(key: string): string {
  return createHash("sha1")
    .update(key + acceptGuid)
    .digest("base64");
}

/** Whether a Sec-WebSocket-Key is what RFC 6455 asks for: base64 of exactly 16 bytes. */
export function isWebSocketKey(key: unknown): key is string {
  return typeof key === "string" && /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key);
}
