import type { Buffer } from "node:buffer";
import type { BridgeOptions } from "./bridge.ts";
import { Pace } from "./pace.ts";
import { ClientMessageReader } from "./rfb-message-reader.ts";
import { encodingsMessage, isIncremental, readEncodings, type WholeKind } from "./rfb-messages.ts";

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
 * What a message costs, 1 for one that Xvnc answers in passing. A whole picture is a screen to encode,
 * and each pixel format a line in the desktop's log: what a viewer needs once in a while.
 */
const dear = 100;

function costOf(kind: WholeKind, bytes: Buffer, start: number): number {
  if (kind === "updateRequest") return isIncremental(bytes, start) ? 1 : dear;
  return kind === "pixelFormat" || kind === "encodings" ? dear : 1;
}

/**
 * Makes the wall in front of one view-only connection: give it the client's RFB bytes after
 * ClientInit in chunks of any split, and it gives what may go to the server, which is whole
 * messages only. Keys, pointer, clipboard, resizing, power, input devices and audio are left out;
 * SetEncodings is cut down to what a viewer needs, so that the server never offers the rest. Throws
 * `RfbMessageError` for messages it does not know. The results may share the chunk's memory. What
 * passes costs of the `pace`, what is left out as well: Xvnc reads one busy connection before all others.
 */
export function createViewFilter(pace?: Pace): (chunk: Buffer) => Buffer[] {
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
      pace?.spend(costOf(kind, bytes, start));
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
    skipped() {
      pace?.spend(1);
    },
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

/** By what a view-only connection is bridged. */
export function viewersRules(): Pick<BridgeOptions, "pace" | "transformClient" | "isInput"> {
  const pace = new Pace();
  // A viewer's bytes are nobody's work: they must not keep a desktop from idling out.
  return { pace, transformClient: createViewFilter(pace), isInput: () => false };
}
