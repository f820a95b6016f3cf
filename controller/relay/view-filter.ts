import type { Buffer } from "node:buffer";
import { ClientMessageReader } from "./rfb-message-reader.ts";
import { encodingsMessage, readEncodings } from "./rfb-messages.ts";

/** Encodings of pictures and cursor shapes, and notices without which a viewer sees wrongly. */
const viewerEncodings: ReadonlySet<number> = new Set([
  0, // Raw
  1, // CopyRect
  2, // RRE
  5, // Hextile
  6, // Zlib
  7, // Tight
  16, // ZRLE
  21, // JPEG
  50, // H.264
  -260, // TightPNG
  -239, // Cursor
  -240, // XCursor
  -314, // Cursor with alpha
  0x574d5664, // VMware's cursor
  -224, // LastRect
  -223, // DesktopSize
  -308, // ExtendedDesktopSize
  -312, // Fence
]);

/** Whether a viewer may list an encoding: nothing that speaks of input, clipboard or power. */
function isViewers(encoding: number): boolean {
  return (
    viewerEncodings.has(encoding) ||
    (encoding >= -32 && encoding <= -23) || // JPEG quality
    (encoding >= -256 && encoding <= -247) || // compression
    (encoding >= -512 && encoding <= -412) // fine JPEG quality
  );
}

/**
 * Makes the wall in front of one view-only connection: give it the client's RFB bytes after
 * ClientInit in chunks of any split, and it gives what may go to the server, which is whole
 * messages only. Keys, pointer, clipboard, resizing, power, input devices and audio are left out;
 * SetEncodings is cut down to what a viewer needs, so that the server never offers the rest. Throws
 * `RfbMessageError` for messages it does not know. The results may share the chunk's memory.
 */
export function createViewFilter(): (chunk: Buffer) => Buffer[] {
  let passed: Buffer[] = [];
  // Neighbours within one chunk leave as one piece.
  let run: Buffer | undefined;
  let runStart = 0;
  let runEnd = 0;
  const endRun = (): void => {
    if (run !== undefined) passed.push(run.subarray(runStart, runEnd));
    run = undefined;
  };
  const reader = new ClientMessageReader({
    whole(kind, bytes, start, end) {
      if (kind === "encodings") {
        endRun();
        passed.push(encodingsMessage(readEncodings(bytes, start, end).filter(isViewers)));
        return;
      }
      if (run === bytes && runEnd === start) {
        runEnd = end;
        return;
      }
      endRun();
      run = bytes;
      runStart = start;
      runEnd = end;
    },
    skipped() {},
  });
  return (chunk) => {
    reader.push(chunk);
    endRun();
    const result = passed;
    // An idle connection keeps nothing alive.
    passed = [];
    return result;
  };
}
