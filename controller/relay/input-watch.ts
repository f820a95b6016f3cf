import type { Buffer } from "node:buffer";
import { ClientMessageReader } from "./rfb-message-reader.ts";
import {
  RfbMessageError,
  type SkippedKind,
  extendedMouseEncoding,
  readEncodings,
} from "./rfb-messages.ts";

const byPerson: ReadonlySet<SkippedKind> = new Set(["key", "qemuKey", "pointer", "gii", "cutText"]);

/**
 * Tells a person's work from what a viewer sends by itself: give it one connection's RFB bytes
 * after ClientInit in chunks of any split, and it says whether a key, a movement of the pointer or
 * copied text began in the chunk. Changes nothing and never throws: of a client that it cannot
 * follow, every chunk counts.
 */
export function createInputWatch(): (chunk: Buffer) => boolean {
  let seen = false;
  let lost = false;
  const reader = new ClientMessageReader({
    whole(kind, bytes, start, end) {
      if (kind !== "encodings") return;
      reader.setExtendedMouse(readEncodings(bytes, start, end).includes(extendedMouseEncoding));
    },
    skipped(kind) {
      seen ||= byPerson.has(kind);
    },
  });
  return (chunk) => {
    if (lost) return true;
    seen = false;
    try {
      reader.push(chunk);
    } catch (error) {
      if (!(error instanceof RfbMessageError)) throw error;
      lost = true;
    }
    return lost || seen;
  };
}
