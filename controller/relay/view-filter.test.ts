import { array, assert, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { splits } from "../../wire/testing.ts";
import { Pace } from "./pace.ts";
import { RfbMessageError } from "./rfb-messages.ts";
import {
  type SampleMessage,
  clientMessages,
  hostileStream,
  sampleEncodings,
  sampleMessage,
} from "./rfb-testing.ts";
import { createViewFilter } from "./view-filter.ts";

const runs = 500;

/** By the table of what a viewer may list; written here a second time on purpose. */
const mayList = (encoding: number): boolean =>
  [0, 1, 2, 5, 6, 7, 16, 21, 50, -260, -239, -240, -314, 0x574d5664].includes(encoding) ||
  [-223, -224, -308, -312].includes(encoding) ||
  (encoding <= -23 && encoding >= -32) ||
  (encoding <= -247 && encoding >= -256) ||
  (encoding <= -412 && encoding >= -512);

const encodingsOf = (message: Buffer): number[] =>
  Array.from({ length: message.readUInt16BE(2) }, (_, i) => message.readInt32BE(4 + 4 * i));

/** What has to reach the server of one message. */
function passing({ kind, bytes }: SampleMessage): Buffer {
  if (kind === "encodings") return clientMessages.encodings(encodingsOf(bytes).filter(mayList));
  const passes = ["pixelFormat", "updateRequest", "continuousUpdates", "fence"].includes(kind);
  return passes ? bytes : Buffer.alloc(0);
}

/** Reads the filter's output by itself; throws at anything that a viewer may not send. */
function checkPermitted(output: Buffer): void {
  for (let at = 0; at < output.length;) {
    const type = output.readUInt8(at);
    const lengths = new Map([
      [0, () => 20],
      [2, () => 4 + 4 * output.readUInt16BE(at + 2)],
      [3, () => 10],
      [150, () => 10],
      [248, () => 9 + output.readUInt8(at + 8)],
    ]);
    const length = lengths.get(type)?.() ?? 0;
    if (length === 0 || at + length > output.length) throw new Error(`type ${type} passed`);
    const message = output.subarray(at, at + length);
    if (type === 2 && !encodingsOf(message).every(mayList)) throw new Error("encoding passed");
    at += length;
  }
}

const filtered = (chunks: readonly Buffer[]): Buffer => {
  const filter = createViewFilter();
  return Buffer.concat(chunks.flatMap((chunk) => filter(chunk)));
};

describe("the wall in front of a view-only connection", () => {
  it("passes exactly what a viewer may send, however the stream is split", () => {
    const streams = array(sampleMessage, { maxLength: 20 }).chain((messages) =>
      splits(Buffer.concat(messages.map(({ bytes }) => bytes))).map((chunks) => ({
        messages,
        chunks,
      })),
    );
    assert(
      property(streams, ({ messages, chunks }) => {
        const expected = Buffer.concat(messages.map(passing));
        expect(filtered(chunks).toString("hex")).toBe(expected.toString("hex"));
        const whole = Buffer.concat(messages.map(({ bytes }) => bytes));
        expect(filtered([whole]).equals(expected)).toBe(true);
      }),
      { numRuns: runs },
    );
  });

  it("lets a hostile stream send nothing that is forbidden, nor half a message", () => {
    assert(
      property(
        hostileStream.chain((bytes) => splits(bytes)),
        (chunks) => {
          const filter = createViewFilter();
          const output: Buffer[] = [];
          try {
            for (const chunk of chunks) output.push(...filter(chunk));
          } catch (error) {
            if (!(error instanceof RfbMessageError)) throw error;
          }
          checkPermitted(Buffer.concat(output));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("never lets more mouse buttons, keyboards, clipboard or power be negotiated", () => {
    assert(
      property(sampleEncodings, (encodings) => {
        const [message] = createViewFilter()(clientMessages.encodings(encodings));
        expect(message && encodingsOf(message)).toEqual(encodings.filter(mayList));
      }),
    );
    const small = Array.from({ length: 900 }, (_, i) => i - 800);
    const [picked] = createViewFilter()(clientMessages.encodings(small));
    expect(picked && encodingsOf(picked)).toEqual(small.filter(mayList));
    const noVnc = [1, 7, -260, 16, 21, 5, 2, 6, 0, -26, -254, -223, -224, -258, -261, -308, -309];
    const more = [-312, -313, -307, 0xc0a1e5ce | 0, -316, 0x574d5664, -239];
    const [message] = createViewFilter()(clientMessages.encodings(noVnc.concat(more)));
    expect(message && encodingsOf(message).join(" ")).toBe(
      "1 7 -260 16 21 5 2 6 0 -26 -254 -223 -224 -308 -312 1464686180 -239",
    );
  });

  it("takes a pointer event for six bytes whatever a client pretends to have negotiated", () => {
    const request = clientMessages.updateRequest(true);
    const event = clientMessages.extendedPointer(1, 2, 0x8c);
    const stream = Buffer.concat([clientMessages.encodings([-316]), event.subarray(0, 6), request]);
    expect(filtered([stream])).toEqual(Buffer.concat([clientMessages.encodings([]), request]));
  });

  it("does not write to what it was given, and gives no memory that it writes to later", () => {
    const stream = Buffer.concat([
      clientMessages.updateRequest(true),
      clientMessages.pixelFormat(),
    ]);
    const filter = createViewFilter();
    const output = [3, 12, 17].flatMap((end, i) =>
      filter(Buffer.from(stream.subarray([0, 3, 12][i], end))),
    );
    output.push(...filter(Buffer.from(stream.subarray(17))));
    for (let i = 0; i < 5; i += 1) {
      filter(Buffer.alloc(4, 150));
      filter(Buffer.alloc(6));
    }
    expect(Buffer.concat(output).equals(stream)).toBe(true);
  });

  it("spends of the pace for whatever is sent, and most for what a desktop has work with", () => {
    const costOf = (...messages: Buffer[]): number => {
      let spent = 0;
      const pace = new Pace();
      pace.spend = (cost) => (spent += cost);
      createViewFilter(pace)(Buffer.concat(messages));
      return spent;
    };
    expect(costOf(clientMessages.updateRequest(true))).toBe(1);
    expect(costOf(clientMessages.updateRequest(false))).toBe(100);
    expect(costOf(clientMessages.encodings([]))).toBe(100);
    expect(costOf(clientMessages.pixelFormat())).toBe(100);
    assert(
      property(array(sampleMessage, { maxLength: 20 }), (messages) => {
        expect(costOf(...messages.map(({ bytes }) => bytes))).toBeGreaterThanOrEqual(
          messages.length,
        );
      }),
    );
  });

  it("throws at a type that it does not know, and at a fence too long", () => {
    const filter = createViewFilter();
    expect(() => filter(Buffer.from([3, 0, 0, 0, 0, 0, 0, 9, 0, 9, 99]))).toThrow(RfbMessageError);
    expect(() => createViewFilter()(clientMessages.fence(0, Buffer.alloc(65)))).toThrow(
      RfbMessageError,
    );
  });
});
