import { Buffer } from "node:buffer";

/** What was wrong with a message head that came from outside. */
export type HeadFault = "too_long" | "malformed";

/** A message head that is too long or no HTTP/1.1. */
export class HeadError extends Error {
  override readonly name = "HeadError";
  readonly code: HeadFault;

  constructor(code: HeadFault) {
    super(code === "too_long" ? "the message head is too long" : "the message head is malformed");
    this.code = code;
  }
}

/** The head of an answer: names in lower case, each with all its values in order. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

const headEnd = Buffer.from("\r\n\r\n");

/**
 * Collects a message head from chunks of any split.
 *
 * `push` returns nothing until the blank line has come, then the head's text without it and the
 * bytes that followed. Throws {@link HeadError} `too_long` once `limitBytes` passed without it.
 */
export class HeadReader {
  readonly #limitBytes: number;
  #seen: Buffer = Buffer.alloc(0);

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Uint8Array): { head: string; rest: Buffer } | undefined {
    const searchFrom = Math.max(0, this.#seen.length - headEnd.length + 1);
    this.#seen = Buffer.concat([this.#seen, chunk]);
    const end = this.#seen.indexOf(headEnd, searchFrom);
    if (end > this.#limitBytes || (end < 0 && this.#seen.length > this.#limitBytes)) {
      throw new HeadError("too_long");
    }
    if (end < 0) return undefined;
    return {
      head: this.#seen.toString("latin1", 0, end),
      rest: this.#seen.subarray(end + headEnd.length),
    };
  }
}

const statusLine = /^HTTP\/1\.1 ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/**
 * Reads an HTTP/1.1 answer's head (RFC 9112): no folded lines, no blanks before a colon, no
 * control characters. Throws {@link HeadError} `malformed`.
 */
export function parseResponseHead(head: string): ResponseHead {
  const [first = "", ...lines] = head.split("\r\n");
  const status = statusLine.exec(first)?.[1];
  if (status === undefined) throw new HeadError("malformed");
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new HeadError("malformed");
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  return { status: Number(status), headers };
}

/** A header's only value, or nothing where it is missing or stands there more than once. */
export function onlyValue(head: ResponseHead, name: string): string | undefined {
  const values = head.headers.get(name);
  return values?.length === 1 ? values[0] : undefined;
}

/** The members of a comma-separated header, trimmed; empty members are left out. */
export function listValues(head: ResponseHead, name: string): string[] {
  return (head.headers.get(name) ?? [])
    .flatMap((value) => value.split(","))
    .map((member) => member.trim())
    .filter((member) => member !== "");
}

/** Whether a text is a token (RFC 9110, section 5.6.2): safe to stand in a header. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}
