/**
 * Selectors of labels, in the grammar of Kubernetes' label selectors:
 * `gpu=a100,zone in (b1,b2),!maintenance`. A comma means and; empty text selects everything.
 */
export interface Requirement {
  readonly key: string;
  /** `=` and `==` are `in` with one value, `!=` is `notin` with one. */
  readonly operator: "in" | "notin" | "exists" | "absent";
  readonly values: readonly string[];
}
export type Selector = readonly Requirement[];

/** Where the text is wrong: character offsets, `at < end`. */
export interface SelectorFault {
  readonly message: string;
  readonly at: number;
  readonly end: number;
}
export type ParsedSelector =
  | { readonly ok: true; readonly selector: Selector }
  | { readonly ok: false; readonly fault: SelectorFault };

interface Token {
  /** A word, a sign of the grammar, any other character, or the end of the text. */
  readonly kind: "word" | "sign" | "other" | "end";
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

class Fault extends Error {
  readonly at: number;
  readonly end: number;
  constructor(message: string, at: number, end: number) {
    super(message);
    this.at = at;
    this.end = end;
  }
}

const pattern = /(\s+)|(==|!=|[=!,()])|([^\s=!,()<>]+)|([\s\S])/y;

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [whole, space, sign, word] = match;
    if (space !== undefined) continue;
    const kind = sign === undefined ? (word === undefined ? "other" : "word") : "sign";
    tokens.push({ kind, text: whole, at: match.index, end: match.index + whole.length });
  }
  return tokens;
}

/** Walks over the tokens. What is missing at the end of the text is pointed out at the last token. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  #next = 0;
  constructor(text: string) {
    this.#tokens = tokenize(text);
    this.#length = text.length;
  }
  peek(): Token {
    const end = { kind: "end", text: "", at: this.#length, end: this.#length } as const;
    return this.#tokens[this.#next] ?? end;
  }
  take(): Token {
    const token = this.peek();
    this.#next += 1;
    return token;
  }
  /** Takes the next token if it is this sign. */
  takeSign(text: string): Token | null {
    const token = this.peek();
    return token.kind === "sign" && token.text === text ? this.take() : null;
  }
  fail(message: string): never {
    const token = this.peek();
    if (token.kind !== "end") throw new Fault(message, token.at, token.end);
    const last = this.#tokens.at(-1);
    throw new Fault(message, last?.at ?? 0, this.#length);
  }
}

const letters = "letters, digits, -, _ and .";

/** The offset and the text of the first character that a label may not have. */
function foreign(word: string, allowed: RegExp): { at: number; text: string } | null {
  const at = word.search(allowed);
  return at < 0 ? null : { at, text: String.fromCodePoint(word.codePointAt(at) ?? 0) };
}

function checkPart(word: string, start: number, what: string): void {
  const bad = foreign(word, /[^A-Za-z0-9._-]/);
  if (bad)
    throw new Fault(
      `${bad.text} cannot stand in ${what}: it has ${letters}`,
      start + bad.at,
      start + bad.at + bad.text.length,
    );
  if (word.length > 63)
    throw new Fault(`${what} has at most 63 characters`, start + 63, start + word.length);
  const edge = /^[._-]/.test(word) ? 0 : /[._-]$/.test(word) ? word.length - 1 : null;
  if (edge !== null)
    throw new Fault(
      `${what} begins and ends with a letter or a digit`,
      start + edge,
      start + edge + 1,
    );
}

function checkDomain(domain: string, start: number): void {
  const what = "the domain before a label's name";
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(domain))
    throw new Fault(
      `${what} has small letters, digits, - and ., a letter or a digit first and last`,
      start,
      start + Math.max(1, domain.length),
    );
  if (domain.length > 253)
    throw new Fault(`${what} has at most 253 characters`, start + 253, start + domain.length);
}

function readKey(reader: Reader, after: string): Token {
  if (reader.peek().kind !== "word") reader.fail(`expected a label's name${after}`);
  const token = reader.take();
  const slash = token.text.indexOf("/");
  if (slash >= 0) checkDomain(token.text.slice(0, slash), token.at);
  const name = token.text.slice(slash + 1);
  if (name === "") throw new Fault("expected a label's name after /", token.end - 1, token.end);
  checkPart(name, token.at + slash + 1, "a label's name");
  return token;
}

function readValue(reader: Reader, after: string): string {
  if (reader.peek().kind !== "word") reader.fail(`expected a value after ${after}`);
  const token = reader.take();
  checkPart(token.text, token.at, "a label's value");
  return token.text;
}

function readValues(reader: Reader, after: string): string[] {
  if (!reader.takeSign("(")) reader.fail(`expected ( after ${after}`);
  const values = [readValue(reader, "(")];
  while (reader.takeSign(",")) values.push(readValue(reader, ","));
  if (!reader.takeSign(")")) reader.fail("expected , or ) after a value");
  return [...new Set(values)];
}

function readRequirement(reader: Reader, after: string): Requirement {
  if (reader.takeSign("!"))
    return { key: readKey(reader, " after !").text, operator: "absent", values: [] };
  const key = readKey(reader, after).text;
  for (const sign of ["==", "=", "!="] as const)
    if (reader.takeSign(sign)) {
      const operator = sign === "!=" ? "notin" : "in";
      return { key, operator, values: [readValue(reader, sign)] };
    }
  const { kind, text } = reader.peek();
  if (kind === "word" && (text === "in" || text === "notin")) {
    reader.take();
    return { key, operator: text, values: readValues(reader, text) };
  }
  return { key, operator: "exists", values: [] };
}

function readAll(reader: Reader): Selector {
  const requirements: Requirement[] = [];
  if (reader.peek().kind === "end") return requirements;
  for (let after = ""; ; after = " after ,") {
    const one = readRequirement(reader, after);
    requirements.push(one);
    if (reader.peek().kind === "end") return requirements;
    if (!reader.takeSign(",")) {
      reader.fail(
        one.operator === "exists"
          ? `expected =, !=, in, notin or , after ${one.key}`
          : "expected , or the end",
      );
    }
  }
}

/** Reads a selector. A fault's offsets lie in the text. */
export function parseSelector(text: string): ParsedSelector {
  try {
    return { ok: true, selector: readAll(new Reader(text)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, fault: { message: error.message, at: error.at, end: error.end } };
  }
}

function meets(requirement: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const { key, operator, values } = requirement;
  // Labels come as JSON: a key may be called like something that every object has.
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "in":
      return value !== undefined && values.includes(value);
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
  }
}

/** Whether labels meet all of it; `!=` and `notin` hold where the label is absent. */
export function matchesSelector(
  selector: Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return selector.every((it) => meets(it, labels));
}

function formatRequirement({ key, operator, values }: Requirement): string {
  if (operator === "exists") return key;
  if (operator === "absent") return `!${key}`;
  const [only] = values;
  if (values.length === 1) return `${key}${operator === "in" ? "=" : "!="}${only}`;
  return `${key} ${operator} (${values.join(",")})`;
}

/** Writes a selector in its shortest form; read again it is the same selector. */
export function formatSelector(selector: Selector): string {
  return selector.map(formatRequirement).join(",");
}
