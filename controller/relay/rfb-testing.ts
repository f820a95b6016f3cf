/** An RFB client's messages for tests, written by the layouts of RFC 6143 and rfbproto. */
import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  string,
  tuple,
  uint8Array,
} from "fast-check";
import type { SkippedKind, WholeKind } from "./rfb-messages.ts";

/** Actions of the extended clipboard; text is format 1. */
export const clipboardActions = {
  caps: 0x0100_0000,
  request: 0x0200_0000,
  peek: 0x0400_0000,
  notify: 0x0800_0000,
  provide: 0x1000_0000,
} as const;

const u16 = (value: number): number[] => [value >>> 8, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

/** Each gives one message's bytes. */
export const clientMessages = {
  pixelFormat: (): Buffer =>
    Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]),
  encodings: (encodings: readonly number[]): Buffer =>
    Buffer.from([2, 0, ...u16(encodings.length), ...encodings.flatMap((it) => u32(it >>> 0))]),
  updateRequest: (incremental: boolean, width = 16, height = 16): Buffer =>
    Buffer.from([3, incremental ? 1 : 0, 0, 0, 0, 0, ...u16(width), ...u16(height)]),
  key: (keysym: number, down: boolean): Buffer =>
    Buffer.from([4, down ? 1 : 0, 0, 0, ...u32(keysym)]),
  pointer: (x: number, y: number, buttons = 0): Buffer =>
    Buffer.from([5, buttons, ...u16(x), ...u16(y)]),
  /** `buttons`: 16 bits, of which the lowest 7 are the classic ones. */
  extendedPointer: (x: number, y: number, buttons: number): Buffer =>
    Buffer.from([5, 0x80 | (buttons & 0x7f), ...u16(x), ...u16(y), (buttons >> 7) & 0xff]),
  cutText: (text: string): Buffer => {
    const bytes = Buffer.from(text, "latin1");
    return Buffer.from([6, 0, 0, 0, ...u32(bytes.length), ...bytes]);
  },
  clipboard: (flags: number, body: readonly number[] | Uint8Array = []): Buffer =>
    Buffer.from([6, 0, 0, 0, ...u32(-(4 + body.length) >>> 0), ...u32(flags), ...body]),
  clipboardText: (text: string): Buffer => {
    const bytes = Buffer.from(`${text}\0`);
    const body = deflateSync(Buffer.from([...u32(bytes.length), ...bytes]));
    return clientMessages.clipboard(clipboardActions.provide | 1, body);
  },
  continuousUpdates: (enable: boolean): Buffer =>
    Buffer.from([150, enable ? 1 : 0, 0, 0, 0, 0, 0, 16, 0, 16]),
  fence: (flags: number, payload: Uint8Array): Buffer =>
    Buffer.from([248, 0, 0, 0, ...u32(flags), payload.length, ...payload]),
  xvp: (operation: number): Buffer => Buffer.from([250, 0, 1, operation]),
  desktopSize: (width: number, height: number, screens = 1): Buffer => {
    const screen = [...u32(0), 0, 0, 0, 0, ...u16(width), ...u16(height), ...u32(0)];
    const list = Array.from({ length: screens }, () => screen).flat();
    return Buffer.from([251, 0, ...u16(width), ...u16(height), screens, 0, ...list]);
  },
  gii: (body: Uint8Array, bigEndian: boolean): Buffer => {
    const length = u16(body.length);
    return Buffer.from([
      253,
      bigEndian ? 0x82 : 0x02,
      ...(bigEndian ? length : length.toReversed()),
      ...body,
    ]);
  },
  qemuKey: (keysym: number, keycode: number, down: boolean): Buffer =>
    Buffer.from([255, 0, 0, down ? 1 : 0, ...u32(keysym), ...u32(keycode)]),
  qemuAudio: (operation: 0 | 1 | 2): Buffer =>
    Buffer.from([255, 1, 0, operation, ...(operation === 2 ? [3, 2, 0, 0, 172, 68] : [])]),
} as const;

/** One message and what it is. */
export interface SampleMessage {
  readonly kind: WholeKind | SkippedKind;
  readonly bytes: Buffer;
}

const u16s = nat(0xffff);
const bodies = uint8Array({ maxLength: 300 });

/** Encodings that viewers may list, that they may not, and that nobody knows. */
export const sampleEncodings: Arbitrary<number[]> = array(
  oneof(
    constantFrom(0, 1, 7, 16, -239, -224, -223, -308, -312, -32, -23, -256, -412, 0x574d5664),
    constantFrom(-258, -259, -261, -305, -307, -309, -313, -316, 0xc0a1e5ce | 0, 0x574d5666),
    integer(),
  ),
  { maxLength: 60 },
);

const kindsOfMessages: Record<WholeKind | SkippedKind, Arbitrary<Buffer>> = {
  pixelFormat: constant(clientMessages.pixelFormat()),
  encodings: sampleEncodings.map(clientMessages.encodings),
  updateRequest: tuple(boolean(), u16s, u16s).map((it) => clientMessages.updateRequest(...it)),
  continuousUpdates: boolean().map(clientMessages.continuousUpdates),
  fence: tuple(nat(7), uint8Array({ maxLength: 64 })).map((it) => clientMessages.fence(...it)),
  key: tuple(nat(0xffff_ffff), boolean()).map((it) => clientMessages.key(...it)),
  pointer: tuple(u16s, u16s, nat(255)).map((it) => clientMessages.pointer(...it)),
  cutText: oneof(
    string({ maxLength: 300 }).map(clientMessages.cutText),
    string({ maxLength: 300 }).map(clientMessages.clipboardText),
    constant(clientMessages.clipboard(clipboardActions.notify | 1)),
  ),
  clipboardTalk: tuple(
    constantFrom(
      clipboardActions.caps | clipboardActions.notify | clipboardActions.provide | 1,
      clipboardActions.request | 1,
      clipboardActions.peek,
    ),
    bodies,
  ).map((it) => clientMessages.clipboard(...it)),
  xvp: nat(255).map(clientMessages.xvp),
  desktopSize: tuple(u16s, u16s, nat(255)).map((it) => clientMessages.desktopSize(...it)),
  gii: tuple(bodies, boolean()).map((it) => clientMessages.gii(...it)),
  qemuKey: tuple(nat(0xffff_ffff), nat(255), boolean()).map((it) => clientMessages.qemuKey(...it)),
  qemuAudio: constantFrom(0 as const, 1 as const, 2 as const).map(clientMessages.qemuAudio),
};

/** Any message that a client without extended mouse buttons can send. */
export const sampleMessage: Arbitrary<SampleMessage> = oneof(
  ...Object.entries(kindsOfMessages).map(([kind, bytes]) =>
    record({ kind: constantFrom(kind as SampleMessage["kind"]), bytes }),
  ),
);

/** Streams that keep to the protocol for a while, or begin as a message and go on as anything. */
export const hostileStream: Arbitrary<Buffer> = array(
  oneof(
    { weight: 4, arbitrary: sampleMessage.map(({ bytes }) => bytes) },
    { weight: 1, arbitrary: uint8Array({ maxLength: 40 }).map((it) => Buffer.from(it)) },
    {
      weight: 2,
      arbitrary: tuple(
        constantFrom(0, 2, 3, 4, 5, 6, 150, 248, 250, 251, 253, 255),
        uint8Array({ maxLength: 40 }),
      ).map(([type, rest]) => Buffer.from([type, ...rest])),
    },
    {
      weight: 2,
      arbitrary: tuple(sampleMessage, nat(400)).map(([{ bytes }, end]) => bytes.subarray(0, end)),
    },
  ),
  { maxLength: 20 },
).map((parts) => Buffer.concat(parts));
