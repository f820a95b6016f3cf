import { assert, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { encodingsMessage, readEncodings } from "./rfb-messages.ts";
import { clientMessages, sampleEncodings } from "./rfb-testing.ts";

describe("SetEncodings", () => {
  it("is written as the protocol has it", () => {
    expect(encodingsMessage([7, -32])).toEqual(
      Buffer.from([2, 0, 0, 2, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xe0]),
    );
  });

  it("is read as it was written, from within other bytes", () => {
    assert(
      property(sampleEncodings, (encodings) => {
        const message = encodingsMessage(encodings);
        expect(message.equals(clientMessages.encodings(encodings))).toBe(true);
        const within = Buffer.concat([Buffer.from([9]), message, Buffer.from([9])]);
        expect(readEncodings(within, 1, 1 + message.length)).toEqual(encodings);
      }),
    );
  });
});
