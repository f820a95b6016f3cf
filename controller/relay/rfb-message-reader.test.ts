import { array, assert, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { splits } from "../../wire/testing.ts";
import { ClientMessageReader } from "./rfb-message-reader.ts";
import { RfbMessageError, encodingsLimit } from "./rfb-messages.ts";
import { clientMessages, hostileStream, sampleMessage } from "./rfb-testing.ts";

const runs = 500;

interface Log {
  readonly reader: ClientMessageReader;
  readonly kinds: string[];
  readonly whole: Buffer[];
}

function reading(): Log {
  const kinds: string[] = [];
  const whole: Buffer[] = [];
  const reader = new ClientMessageReader({
    whole(kind, bytes, start, end) {
      kinds.push(kind);
      whole.push(bytes.subarray(start, end));
    },
    skipped: (kind) => kinds.push(kind),
  });
  return { reader, kinds, whole };
}

const faultOf = (bytes: Buffer): string => {
  try {
    reading().reader.push(bytes);
    return "none";
  } catch (error) {
    return error instanceof RfbMessageError ? error.code : String(error);
  }
};

const streamAndSplit = array(sampleMessage, { maxLength: 20 }).chain((messages) =>
  splits(Buffer.concat(messages.map(({ bytes }) => bytes))).map((chunks) => ({ messages, chunks })),
);

describe("the reader of client messages", () => {
  it("finds every message of any stream, however it is split", () => {
    assert(
      property(streamAndSplit, ({ messages, chunks }) => {
        const { reader, kinds, whole } = reading();
        for (const chunk of chunks) reader.push(chunk);
        expect(kinds).toEqual(messages.map(({ kind }) => kind));
        const wholeKinds = "pixelFormat encodings updateRequest continuousUpdates fence".split(" ");
        const expected = messages.filter(({ kind }) => wholeKinds.includes(kind));
        expect(Buffer.concat(whole).equals(Buffer.concat(expected.map((it) => it.bytes)))).toBe(
          true,
        );
        expect(reader.heldBytes).toBe(0);
      }),
      { numRuns: runs },
    );
  });

  it("holds little of whatever comes", () => {
    assert(
      property(
        // Enough behind it for any message that waits for bytes.
        hostileStream.chain((bytes) => splits(Buffer.concat([bytes, Buffer.alloc(100_000)]))),
        (chunks) => {
          const { reader } = reading();
          try {
            for (const chunk of chunks) {
              reader.push(chunk);
              expect(reader.heldBytes).toBeLessThanOrEqual(2 * (4 + 4 * encodingsLimit));
            }
          } catch (error) {
            if (!(error instanceof RfbMessageError)) throw error;
          }
        },
      ),
      { numRuns: runs },
    );
  });

  it("holds nothing of a text without end", () => {
    const { reader, kinds } = reading();
    reader.push(Buffer.from([6, 0, 0, 0, 0x80, 0, 0, 0, 0x10]));
    const chunk = Buffer.alloc(1024 * 1024);
    for (let sent = 1; sent < 2048; sent += 1) reader.push(chunk);
    reader.push(chunk.subarray(1));
    expect(reader.heldBytes).toBe(0);
    reader.push(clientMessages.xvp(1));
    expect(kinds).toEqual(["cutText", "xvp"]);
  });

  it("reads a seventh byte of a pointer event only where it was negotiated", () => {
    const event = clientMessages.extendedPointer(1, 2, 0x80);
    const { reader, kinds } = reading();
    reader.setExtendedMouse(true);
    for (const byte of [...event, ...clientMessages.pointer(1, 2, 1), ...clientMessages.xvp(1)]) {
      reader.push(Buffer.from([byte]));
    }
    expect(kinds).toEqual(["pointer", "pointer", "xvp"]);
    reader.setExtendedMouse(false);
    reader.push(Buffer.concat([event.subarray(0, 6), clientMessages.xvp(1)]));
    expect(kinds.slice(3)).toEqual(["pointer", "xvp"]);
  });

  it("refuses what it does not know, and what is longer than anyone needs", () => {
    for (const type of [1, 7, 149, 151, 249, 252, 254]) {
      expect(faultOf(Buffer.from([type]))).toBe("unknown_type");
    }
    expect(faultOf(Buffer.from([255, 2, 0, 0]))).toBe("unknown_type");
    expect(faultOf(Buffer.from([255, 1, 0, 3]))).toBe("unknown_type");
    expect(faultOf(Buffer.from([248, 0, 0, 0, 0, 0, 0, 0, 64]))).toBe("none");
    expect(faultOf(Buffer.from([248, 0, 0, 0, 0, 0, 0, 0, 65]))).toBe("fence_too_long");
    const many = (count: number): Buffer =>
      clientMessages.encodings(Array.from({ length: count }, () => 0));
    expect(faultOf(many(encodingsLimit))).toBe("none");
    expect(faultOf(many(encodingsLimit + 1).subarray(0, 4))).toBe("too_many_encodings");
  });
});
