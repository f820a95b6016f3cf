import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splits } from "../../wire/testing.ts";
import { ClientFrameReader, FrameError } from "./unframe.ts";
import { unmask } from "./unmask.ts";

interface FrameSpec {
  readonly opcode: number;
  readonly final?: boolean;
  readonly payload: Uint8Array;
  readonly mask?: Uint8Array;
  /** Bits to set in the first byte beside the opcode and FIN. */
  readonly reserved?: number;
  readonly unmasked?: boolean;
}

/** A client's frame, written as RFC 6455, section 5.2, draws it. */
function frame(spec: FrameSpec): Buffer {
  const { opcode, final = true, payload, mask = Uint8Array.of(1, 2, 3, 250) } = spec;
  const { reserved = 0, unmasked = false } = spec;
  const length = payload.length;
  const code = length <= 125 ? length : length <= 0xffff ? 126 : 127;
  const header = Buffer.alloc(code === 127 ? 10 : code === 126 ? 4 : 2);
  header[0] = (final ? 0x80 : 0) | reserved | opcode;
  header[1] = (unmasked ? 0 : 0x80) | code;
  if (code === 126) header.writeUInt16BE(length, 2);
  if (code === 127) header.writeBigUInt64BE(BigInt(length), 2);
  if (unmasked) return Buffer.concat([header, payload]);
  return Buffer.concat([header, mask, payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0))]);
}

/** Feeds all chunks; everything that was reported, neighbouring data joined, and the error. */
function read(chunks: readonly Buffer[], limitBytes?: number): string[] {
  const events: string[] = [];
  let data = Buffer.alloc(0);
  const note = (event: string): void => {
    if (data.length > 0) events.push(`data ${data.toString("hex")}`);
    data = Buffer.alloc(0);
    if (event !== "") events.push(event);
  };
  const reader = new ClientFrameReader(
    {
      data: (chunk) => (data = Buffer.concat([data, chunk])),
      ping: (payload) => note(`ping ${payload.toString("hex")}`),
      pong: (payload) => note(`pong ${payload.toString("hex")}`),
      close: (code, reason) => note(`close ${code} ${reason}`),
    },
    limitBytes,
  );
  try {
    for (const chunk of chunks) reader.push(chunk);
    note("");
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    note(`error ${error.code}`);
  }
  return events;
}

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });
const control = fc.record({
  opcode: fc.constantFrom(0x9, 0xa),
  payload: bytes(125),
  mask,
});

/** A binary message in 1 to 4 frames with control frames among them. */
const message: fc.Arbitrary<FrameSpec[]> = fc
  .array(fc.tuple(bytes(400), mask, fc.array(control, { maxLength: 2 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) =>
    parts.flatMap(([payload, partMask, controls], i) => [
      { opcode: i === 0 ? 2 : 0, final: i === parts.length - 1, payload, mask: partMask },
      ...controls,
    ]),
  );

/** What `read` must report for frames that are right. */
function expected(frames: readonly FrameSpec[]): string[] {
  const events: string[] = [];
  let data = "";
  for (const { opcode, payload } of frames) {
    const hex = Buffer.from(payload).toString("hex");
    if (opcode < 8) {
      data += hex;
      continue;
    }
    if (data !== "") events.push(`data ${data}`);
    data = "";
    events.push(`${opcode === 9 ? "ping" : "pong"} ${hex}`);
  }
  return data === "" ? events : [...events, `data ${data}`];
}

describe("reading a client's frames", () => {
  it("gives the same for any split of the stream", () => {
    const streams = fc.array(message, { maxLength: 4 }).chain((messages) => {
      const frames = messages.flat();
      return fc.tuple(fc.constant(frames), splits(Buffer.concat(frames.map(frame))));
    });
    fc.assert(
      fc.property(streams, ([frames, chunks]) => {
        expect(read(chunks)).toEqual(expected(frames));
      }),
    );
  });

  it("reads all three forms of a length", () => {
    for (const length of [0, 125, 126, 0xffff, 0x10000, 300_000]) {
      const payload = Buffer.alloc(length, "0123456789a");
      const events = read([frame({ opcode: 2, payload })]);
      expect(events).toEqual(length === 0 ? [] : [`data ${payload.toString("hex")}`]);
    }
  });

  it.each([
    ["with code and reason", Buffer.from("\x03\xe8bye", "latin1"), "close 1000 bye"],
    ["without code", Buffer.alloc(0), "close undefined "],
    ["of one byte", Buffer.from([3]), "error 1002"],
    ["with a code of the private range", Buffer.from([0x0f, 0xa0]), "close 4000 "],
    ["with 1005", Buffer.from([0x03, 0xed]), "error 1002"],
    ["with 1006", Buffer.from([0x03, 0xee]), "error 1002"],
    ["with 999", Buffer.from([0x03, 0xe7]), "error 1002"],
    ["with 1015", Buffer.from([0x03, 0xf7]), "error 1002"],
    ["with 2999", Buffer.from([0x0b, 0xb7]), "error 1002"],
    ["with 5000", Buffer.from([0x13, 0x88]), "error 1002"],
    ["with a reason that is not UTF-8", Buffer.from([0x03, 0xe8, 0xc3, 0x28]), "error 1007"],
  ])("reads a close frame %s", (_, payload, event) => {
    const after = frame({ opcode: 9, payload: Buffer.from("after") });
    expect(read([Buffer.concat([frame({ opcode: 8, payload }), after])])).toEqual([event]);
  });

  const payload = Buffer.from("x");
  it.each([
    ["an unmasked frame", [{ opcode: 2, payload, unmasked: true }], 1002],
    ["RSV1", [{ opcode: 2, payload, reserved: 0x40 }], 1002],
    ["RSV2", [{ opcode: 2, payload, reserved: 0x20 }], 1002],
    ["RSV3", [{ opcode: 9, payload, reserved: 0x10 }], 1002],
    ["opcode 3", [{ opcode: 3, payload }], 1002],
    ["opcode 11", [{ opcode: 11, payload }], 1002],
    ["text", [{ opcode: 1, payload }], 1003],
    ["a continuation of nothing", [{ opcode: 0, payload }], 1002],
    [
      "a continuation after the end",
      [
        { opcode: 2, payload: Buffer.alloc(0) },
        { opcode: 0, payload },
      ],
      1002,
    ],
    [
      "a message within a message",
      [
        { opcode: 2, final: false, payload: Buffer.alloc(0) },
        { opcode: 2, payload },
      ],
      1002,
    ],
    ["a ping in parts", [{ opcode: 9, final: false, payload }], 1002],
    ["a long ping", [{ opcode: 9, payload: Buffer.alloc(126) }], 1002],
  ] satisfies [string, FrameSpec[], number][])("refuses %s", (_, frames, code) => {
    fc.assert(
      fc.property(splits(Buffer.concat(frames.map(frame))), (chunks) => {
        expect(read(chunks)).toEqual([`error ${code}`]);
      }),
      { numRuns: 20 },
    );
  });

  it("refuses a frame beyond the limit, and a length with its highest bit, unread", () => {
    const header = frame({ opcode: 2, payload: Buffer.alloc(70_000) }).subarray(0, 14);
    expect(read([header], 69_999)).toEqual(["error 1009"]);
    expect(read([header], 70_000)).toEqual([]);
    const huge = Buffer.from(header);
    huge[2] = 0x80;
    expect(read([huge])).toEqual(["error 1002"]);
    const petabytes = Buffer.from(header);
    petabytes[3] = 0x10;
    expect(read([petabytes])).toEqual(["error 1009"]);
  });
});

describe("unmasking", () => {
  it("is the mask repeated, wherever the bytes lie in memory", () => {
    fc.assert(
      fc.property(bytes(300), mask, fc.nat(7), fc.nat(3), (content, key, offset, maskAt) => {
        const memory = Buffer.alloc(offset + content.length);
        memory.set(content, offset);
        unmask(memory.subarray(offset), Buffer.from(key), maskAt);
        const naive = content.map((byte, i) => byte ^ (key[(maskAt + i) % 4] ?? 0));
        expect(Buffer.compare(memory.subarray(offset), naive)).toBe(0);
      }),
    );
  });
});
