import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameTracker } from "./frame-track.ts";
import { splits } from "./testing.ts";
import { closeFrame, opcodes, serverFrame, writeServerHeader } from "./ws-frame.ts";

const lengths = fc.oneof(
  fc.nat(300),
  fc.constantFrom(0, 125, 126, 127, 0xfffe, 0xffff, 0x10000, 100_000),
);
const framesAndChunks = fc.array(lengths, { minLength: 1, maxLength: 5 }).chain((sizes) => {
  const frames = sizes.map((size) => serverFrame(opcodes.binary, Buffer.alloc(size, 0x88)));
  return fc.tuple(fc.constant(frames), splits(Buffer.concat(frames)));
});

describe("following frames", () => {
  it("knows at every split whether it is between two frames", () => {
    fc.assert(
      fc.property(framesAndChunks, ([frames, chunks]) => {
        const boundaries = new Set([0]);
        let end = 0;
        for (const frame of frames) boundaries.add((end += frame.length));
        const tracker = new FrameTracker();
        let at = 0;
        for (const chunk of chunks) {
          tracker.advance(chunk, 0, chunk.length);
          at += chunk.length;
          expect(tracker.atBoundary).toBe(boundaries.has(at));
        }
        expect(tracker.sawClose).toBe(false);
      }),
    );
  });

  it("finds the next boundary within a chunk", () => {
    fc.assert(
      fc.property(framesAndChunks, fc.nat(200_000), ([frames], seed) => {
        const all = Buffer.concat(frames);
        const start = seed % all.length;
        const tracker = new FrameTracker();
        tracker.advance(all, 0, start);
        if (tracker.atBoundary) return;
        let next = 0;
        for (const frame of frames) if (next <= start) next += frame.length;
        expect(tracker.advanceToBoundary(all, start, all.length)).toBe(next);
        expect(tracker.atBoundary).toBe(true);
      }),
    );
  });

  it("sees a close frame, and bytes that are no server's frames", () => {
    const closing = new FrameTracker();
    closing.advance(closeFrame(1000), 0, 1);
    expect(closing.sawClose).toBe(false);
    closing.advance(closeFrame(1000), 1, 4);
    expect(closing).toMatchObject({ sawClose: true, atBoundary: true });
    const broken = new FrameTracker();
    broken.advance(Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0]), 0, 7);
    expect(broken).toMatchObject({ broken: true, atBoundary: false });
  });
});

describe("a server's frame", () => {
  it("has the header of RFC 6455, section 5.2", () => {
    expect(serverFrame(2, Buffer.from("ab")).toString("hex")).toBe("82026162");
    expect(serverFrame(2, Buffer.alloc(126)).subarray(0, 4).toString("hex")).toBe("827e007e");
    expect(serverFrame(2, Buffer.alloc(65_536)).subarray(0, 10).toString("hex")).toBe(
      "827f0000000000010000",
    );
    const whole = Buffer.alloc(16);
    expect(writeServerHeader(whole, 16, 2 ** 33 + 5, 2)).toBe(6);
    expect(whole.toString("hex")).toBe("000000000000827f0000000200000005");
  });

  it("closes with code and reason, the reason cut to what a control frame holds", () => {
    expect(closeFrame(4003, "no").toString("latin1")).toBe("\x88\x04\x0f\xa3no");
    expect(closeFrame(1000, "x".repeat(500)).length).toBe(127);
  });
});
