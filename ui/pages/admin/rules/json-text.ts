/**
 * JSON (RFC 8259) read with the place of everything in it, so that a fault can be shown where it
 * stands, and written so that a person reads it. Offsets count UTF-16 units, as text fields do.
 */

interface Span {
  readonly at: number;
  readonly end: number;
}
export interface JsonMember {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: JsonNode;
}
export type JsonNode = Span &
  (
    | { readonly kind: "object"; readonly members: readonly JsonMember[] }
    | { readonly kind: "array"; readonly items: readonly JsonNode[] }
    /** `places`: where each of its units stands in the text, and where it ends. */
    | { readonly kind: "string"; readonly value: string; readonly places: readonly number[] }
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "boolean"; readonly value: boolean }
    | { readonly kind: "null" }
  );

export type JsonFaultCode =
  | "expected"
  | "unclosedText"
  | "badEscape"
  | "badNumber"
  | "badWord"
  | "trailing"
  | "twice"
  | "tooDeep";

/** Something that is no JSON. `what`: the character that is missing, or the word that is wrong. */
export class JsonFault extends Error {
  readonly code: JsonFaultCode;
  readonly at: number;
  readonly end: number;
  readonly what: string;

  constructor(code: JsonFaultCode, span: Span, what = "") {
    super(`${code} at ${span.at}`);
    this.name = "JsonFault";
    this.code = code;
    this.at = span.at;
    this.end = span.end;
    this.what = what;
  }
}

/** More than any rule needs, and less than would exhaust the stack. */
const mostDepth = 20;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** @throws {JsonFault} at the first fault */
export function readJson(text: string): JsonNode {
  const reader = new Reader(text);
  const node = reader.value(0);
  reader.skip();
  if (reader.at < text.length)
    throw new JsonFault("trailing", { at: reader.at, end: text.length }, text[reader.at]);
  return node;
}

class Reader {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  skip(): void {
    while (/[ \t\r\n]/.test(this.text[this.at] ?? "")) this.at += 1;
  }

  value(depth: number): JsonNode {
    this.skip();
    if (depth > mostDepth) throw new JsonFault("tooDeep", this.here());
    const char = this.text[this.at] ?? "";
    if (char === "{") return this.object(depth);
    if (char === "[") return this.array(depth);
    if (char === '"') return this.string();
    if (/[-\d]/.test(char)) return this.number();
    return this.word();
  }

  private here(length = 1): Span {
    return { at: this.at, end: Math.min(this.at + length, this.text.length) };
  }

  private expect(char: string): void {
    this.skip();
    if (this.text[this.at] !== char) throw new JsonFault("expected", this.here(), char);
    this.at += 1;
  }

  /** Whether one more follows: a comma, or else the closing bracket, which it passes. */
  private goesOn(close: string): boolean {
    this.skip();
    if (this.text[this.at] === ",") {
      this.at += 1;
      return true;
    }
    this.expect(close);
    return false;
  }

  private opens(close: string): boolean {
    this.at += 1;
    this.skip();
    if (this.text[this.at] !== close) return true;
    this.at += 1;
    return false;
  }

  private object(depth: number): JsonNode {
    const { at } = this;
    const members: JsonMember[] = [];
    for (let more = this.opens("}"); more; more = this.goesOn("}")) {
      this.skip();
      if (this.text[this.at] !== '"') throw new JsonFault("expected", this.here(), '"');
      const { value: key, ...keySpan } = this.string();
      if (members.some((it) => it.key === key)) throw new JsonFault("twice", keySpan, key);
      this.expect(":");
      members.push({ key, keySpan, value: this.value(depth + 1) });
    }
    return { kind: "object", at, end: this.at, members };
  }

  private array(depth: number): JsonNode {
    const { at } = this;
    const items: JsonNode[] = [];
    for (let more = this.opens("]"); more; more = this.goesOn("]"))
      items.push(this.value(depth + 1));
    return { kind: "array", at, end: this.at, items };
  }

  private string(): JsonNode & { readonly kind: "string" } {
    const { at } = this;
    const places: number[] = [];
    let value = "";
    this.at += 1;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined || char === "\n")
        throw new JsonFault("unclosedText", { at, end: this.at });
      places.push(this.at);
      if (char === '"') break;
      value += char === "\\" ? this.escape() : char;
      this.at += 1;
    }
    this.at += 1;
    return { kind: "string", at, end: this.at, value, places };
  }

  /** From the backslash to the last character of the escape. */
  private escape(): string {
    const next = this.text[this.at + 1] ?? "";
    const hex = /^[\dA-Fa-f]{4}$/.exec(this.text.slice(this.at + 2, this.at + 6))?.[0];
    if (next === "u" && hex !== undefined) {
      this.at += 5;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const meant = escapes[next];
    if (meant === undefined) throw new JsonFault("badEscape", this.here(2), `\\${next}`);
    this.at += 1;
    return meant;
  }

  private number(): JsonNode {
    const found = /^-?\d[\d.eE+-]*/.exec(this.text.slice(this.at))?.[0] ?? "-";
    const span = this.here(found.length);
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(found))
      throw new JsonFault("badNumber", span, found);
    this.at = span.end;
    return { kind: "number", ...span, value: Number(found) };
  }

  private word(): JsonNode {
    const found = /^[\p{L}\d_]*/u.exec(this.text.slice(this.at))?.[0] ?? "";
    const span = this.here(Math.max(found.length, 1));
    if (found === "null") this.at = span.end;
    else if (found === "true" || found === "false") {
      this.at = span.end;
      return { kind: "boolean", ...span, value: found === "true" };
    } else throw new JsonFault("badWord", span, found || (this.text[this.at] ?? ""));
    return { kind: "null", ...span };
  }
}

/** As wide as the field is on a laptop. */
const lineWidth = 64;

/** What fits into a line stands in one. Undefined members are left out. */
export function writeJson(value: unknown, indent = ""): string {
  const flat = writeFlat(value);
  if (indent.length + flat.length <= lineWidth || typeof value !== "object" || value === null)
    return flat;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((it) => `${inner}${writeJson(it, inner)}`)
    : entriesOf(value).map(
        ([key, it]) => `${inner}${JSON.stringify(key)}: ${writeJson(it, inner)}`,
      );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

function writeFlat(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeFlat).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = entriesOf(value).map(([key, it]) => `${JSON.stringify(key)}: ${writeFlat(it)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

const entriesOf = (value: object): [string, unknown][] =>
  Object.entries(value).filter(([, it]) => it !== undefined);

/** Line and column from 1, as people count. */
export function placeOf(
  text: string,
  at: number,
): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at);
  const start = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: at - start + 1 };
}
