/** The bytes of a file that people made with a spreadsheet, as text. */

/** What makes the bytes unreadable, and after which text. */
export interface BytesFault {
  readonly code: "wrong_encoding";
  readonly before: string;
  readonly message: string;
}

const saveAs =
  'Save the file as UTF-8 (in a spreadsheet "CSV UTF-8"), or send it with charset=windows-1252 if that is what it is.';

/** 0x80 to 0x9F (WHATWG Encoding, index windows-1252): not every runtime's decoder tells these from latin1. */
const upper =
  "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f" +
  "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

function decodeWindows1252(bytes: Uint8Array): string {
  const latin1 = (chunk: Uint8Array) => String.fromCharCode(...chunk);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += latin1(bytes.subarray(at, at + 8192));
  // oxlint-disable-next-line no-control-regex -- These are what the encoding gives another meaning.
  return text.replace(/[\x80-\x9f]/g, (it) => upper[it.charCodeAt(0) - 0x80] ?? it);
}

function swapped(bytes: Uint8Array): Uint8Array {
  const other = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) other[at] = bytes[at ^ 1] ?? 0;
  return other;
}

type Encoding = "utf-8" | "utf-16le";

/** @returns undefined where they are not of this encoding; `partial`: more could follow */
function strictly(encoding: Encoding, bytes: Uint8Array, partial = false): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: partial });
  } catch {
    return undefined;
  }
}

/** As far as it can be read: the longest beginning that something readable could follow. */
function readable(encoding: Encoding, bytes: Uint8Array): string {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (strictly(encoding, bytes.subarray(0, middle), true) === undefined) bad = middle;
    else good = middle;
  }
  return strictly(encoding, bytes.subarray(0, good), true) ?? "";
}

const hex = (byte: number) => `0x${byte.toString(16).toUpperCase().padStart(2, "0")}`;

function faultOf(encoding: Encoding, bytes: Uint8Array): BytesFault {
  const before = readable(encoding, bytes);
  const what =
    encoding === "utf-8"
      ? `the byte ${hex(bytes[bomOf(bytes).length + new TextEncoder().encode(before).length] ?? 0)} is not UTF-8`
      : "this is no UTF-16";
  return { code: "wrong_encoding", before, message: `${what}. ${saveAs}` };
}

/** What spreadsheets put in front of a text to say how it is written (WHATWG Encoding, "BOM sniff"). */
function bomOf(bytes: Uint8Array): {
  encoding?: "utf-8" | "utf-16le" | "utf-16be";
  length: number;
} {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: "utf-8", length: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: "utf-16le", length: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: "utf-16be", length: 2 };
  return { length: 0 };
}

const charsets: Readonly<Record<string, "utf-8" | "utf-16le" | "utf-16be" | "windows-1252">> = {
  "utf-8": "utf-8",
  utf8: "utf-8",
  "us-ascii": "utf-8",
  "utf-16": "utf-16le",
  "utf-16le": "utf-16le",
  "utf-16be": "utf-16be",
  "windows-1252": "windows-1252",
  // As every browser takes these (WHATWG Encoding, "names and labels").
  "iso-8859-1": "windows-1252",
  latin1: "windows-1252",
};

export const knowsCharset = (charset: string): boolean => charset.toLowerCase() in charsets;

/**
 * The text, without the mark of its encoding, which counts for more than `charset`.
 * @param charset one that `knowsCharset`
 */
export function decodeBytes(bytes: Uint8Array, charset: string): string | BytesFault {
  const encoding = bomOf(bytes).encoding ?? charsets[charset.toLowerCase()] ?? "utf-8";
  if (encoding === "windows-1252") return decodeWindows1252(bytes);
  const ordered = encoding === "utf-16be" ? swapped(bytes) : bytes;
  const strict = encoding === "utf-8" ? encoding : "utf-16le";
  const text = strictly(strict, ordered);
  if (text === undefined) return faultOf(strict, ordered);
  const nul = text.indexOf("\0");
  if (nul < 0) return text;
  const message = `a NUL, which no text has: is it UTF-16, or no text at all? ${saveAs}`;
  return { code: "wrong_encoding", before: text.slice(0, nul), message };
}
