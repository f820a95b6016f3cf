/**
 * Reads CSV as RFC 4180 has it, with what spreadsheets make of it: other separators, other ends of
 * lines, a last line without one. Nothing is guessed: what could be meant otherwise is a fault.
 */

export interface CsvCell {
  readonly text: string;
  /** In the file, where the cell begins: a quoted one may go on over several. From 1. */
  readonly line: number;
  /** Which cell of its record, from 1. */
  readonly column: number;
}
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly CsvCell[];
}
export interface CsvFault {
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
}
/** No table that is read here has as many columns; what has, is none, and is not worth reading on. */
const mostCells = 200;

export type Separator = "," | ";" | "\t";

interface Cursor {
  at: number;
  line: number;
  lineStart: number;
}

const lineEnd = /\r\n|\r|\n/g;

/** Moves on to `to`, and counts the lines on the way. */
function pass(text: string, cursor: Cursor, to: number): void {
  const passed = text.slice(cursor.at, to);
  for (const { index, 0: end } of passed.matchAll(lineEnd)) {
    cursor.line += 1;
    cursor.lineStart = cursor.at + index + end.length;
  }
  cursor.at = to;
}

/** Where the quotes that open at `open` close; -1 where they do not. */
function closingQuote(text: string, open: number): number {
  let at = text.indexOf('"', open + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

interface Reader {
  readonly text: string;
  /** Sticky: what is neither a separator nor the end of a line. */
  readonly plain: RegExp;
  readonly cursor: Cursor;
  readonly faults: CsvFault[];
}

function plainText({ text, plain, cursor }: Reader): string {
  plain.lastIndex = cursor.at;
  const found = plain.exec(text)?.[0] ?? "";
  cursor.at += found.length;
  return found;
}

function readQuoted(reader: Reader, column: number): string {
  const { text, cursor, faults } = reader;
  const { at: open, line } = cursor;
  const character = open - cursor.lineStart + 1;
  const close = closingQuote(text, open);
  if (close < 0) {
    const message = `the quotes that open at character ${character} of this line are never closed`;
    faults.push({ line, column, code: "unterminated_quote", message });
  }
  const end = close < 0 ? text.length : close;
  const inner = text.slice(open + 1, end).replaceAll('""', '"');
  pass(text, cursor, close < 0 ? end : end + 1);
  if (plainText(reader) !== "") {
    const message = `something follows the quotes that open at character ${character}: write quotes within a cell twice`;
    faults.push({ line, column, code: "text_after_quote", message });
  }
  return inner;
}

function readCell(reader: Reader, column: number): CsvCell {
  const { text, cursor, faults } = reader;
  const { line, at, lineStart } = cursor;
  if (text[at] === '"') return { text: readQuoted(reader, column), line, column };
  const plain = plainText(reader);
  const stray = plain.indexOf('"');
  if (stray >= 0) {
    const message = `a quote at character ${at - lineStart + stray + 1}, within a cell that has none around it: put the cell in quotes and write this one twice`;
    faults.push({ line, column, code: "stray_quote", message });
  }
  return { text: plain, line, column };
}

/**
 * Records from the text's beginning. Lines on which nothing stands are left out, and so are those on
 * which only separators stand, as spreadsheets write them.
 * @param most so many records are read
 * @returns `more`: whether there were others
 */
export function readRecords(text: string, separator: Separator, most = Infinity) {
  const records: CsvRecord[] = [];
  const faults: CsvFault[] = [];
  const cursor: Cursor = { at: 0, line: 1, lineStart: 0 };
  const plain = new RegExp(`[^${separator}\\r\\n]*`, "y");
  const reader: Reader = { text, plain, cursor, faults };
  while (cursor.at < text.length) {
    const { line, at } = cursor;
    const cells: CsvCell[] = [readCell(reader, 1)];
    while (text[cursor.at] === separator && cells.length < mostCells) {
      cursor.at += 1;
      cells.push(readCell(reader, cells.length + 1));
    }
    if (text[cursor.at] === separator) {
      const message = `more than ${mostCells} cells in one line`;
      faults.push({ line, column: mostCells + 1, code: "too_many_cells", message });
      return { records: [...records, { line, cells }], faults, more: false };
    }
    const blank = cells.every((it) => it.text === "") && !text.slice(at, cursor.at).includes('"');
    if (!blank && records.length === most) return { records, faults, more: true };
    if (!blank) records.push({ line, cells });
    pass(text, cursor, cursor.at + (text.startsWith("\r\n", cursor.at) ? 2 : 1));
  }
  return { records, faults, more: false };
}
