import { array, assert, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { splits } from "../../wire/testing.ts";
import { createInputWatch } from "./input-watch.ts";
import { extendedMouseEncoding } from "./rfb-messages.ts";
import { clientMessages, clipboardActions, hostileStream, sampleMessage } from "./rfb-testing.ts";

const byPerson = new Set(["key", "qemuKey", "pointer", "gii", "cutText"]);

describe("the watch for a person's input", () => {
  it("sees keys, pointer and copied text, and nothing in what a viewer sends by itself", () => {
    const watch = createInputWatch();
    expect(watch(clientMessages.key(0x61, true))).toBe(true);
    expect(watch(clientMessages.updateRequest(true))).toBe(false);
    expect(watch(clientMessages.pointer(1, 2))).toBe(true);
    expect(watch(clientMessages.fence(0, Buffer.alloc(8)))).toBe(false);
    expect(watch(clientMessages.clipboard(clipboardActions.notify | 1))).toBe(true);
    expect(watch(clientMessages.clipboard(clipboardActions.request | 1))).toBe(false);
    expect(watch(clientMessages.desktopSize(800, 600))).toBe(false);
  });

  it("says the same of a stream however it is split", () => {
    const samples = array(sampleMessage, { maxLength: 4 }).filter((messages) =>
      // Here the watch would take a byte more for the pointer's.
      messages.every(({ kind }) => kind !== "encodings"),
    );
    assert(
      property(
        samples.chain((messages) =>
          splits(Buffer.concat(messages.map((it) => it.bytes))).map((chunks) => ({
            messages,
            chunks,
          })),
        ),
        ({ messages, chunks }) => {
          const watch = createInputWatch();
          const seen = chunks.map((chunk) => watch(chunk)).includes(true);
          expect(seen).toBe(messages.some(({ kind }) => byPerson.has(kind)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("follows a client with more than seven mouse buttons", () => {
    const watch = createInputWatch();
    const event = clientMessages.extendedPointer(3, 4, 0x100);
    watch(clientMessages.encodings([0, extendedMouseEncoding]));
    expect(watch(Buffer.concat([event, clientMessages.updateRequest(true)]))).toBe(true);
    expect(watch(clientMessages.updateRequest(true))).toBe(false);
    watch(clientMessages.encodings([0]));
    expect(watch(event.subarray(0, 6))).toBe(true);
    expect(watch(clientMessages.updateRequest(true))).toBe(false);
  });

  it("never throws, and counts everything of a client that it lost", () => {
    const watch = createInputWatch();
    expect(watch(Buffer.from([77]))).toBe(true);
    expect(watch(clientMessages.updateRequest(true))).toBe(true);
    assert(
      property(hostileStream, (bytes) => {
        const before = Buffer.from(bytes);
        createInputWatch()(bytes);
        expect(bytes.equals(before)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
