/** A CSV file with a header: its rows by the names of their columns, and what is wrong, by line and column. */
import { decodeBytes } from "./csv-bytes.ts";
import {
  readRecords,
  type CsvCell,
  type CsvFault,
  type CsvRecord,
  type Separator,
} from "./csv-reader.ts";

export interface CsvColumn {
  readonly name: string;
  readonly required: boolean;
}
export interface CsvRow {
  readonly line: number;
  /** By the names of the columns that the file has. */
  readonly cells: ReadonlyMap<string, CsvCell>;
}
/** A fault with its column's name, where it is in a column that has one. */
export interface TableFault {
  readonly line: number;
  /** From 1; null: of the whole line. */
  readonly column: number | null;
  readonly columnName: string | null;
  readonly code: string;
  readonly message: string;
}
interface Table {
  readonly rows: readonly CsvRow[];
  /** Where each column stands, from 1. */
  readonly places: ReadonlyMap<string, number>;
  readonly faults: readonly TableFault[];
}

const separators: readonly Separator[] = [",", ";", "\t"];
const nameOf = (cell: CsvCell) => cell.text.trim().toLowerCase();

/** The one by which the header has the most columns that are known, or else the most. */
function separatorOf(text: string, known: readonly CsvColumn[]): Separator {
  const names = new Set(known.map((it) => it.name.toLowerCase()));
  const scored = separators.map((separator) => {
    const cells = readRecords(text, separator, 1).records[0]?.cells ?? [];
    return {
      separator,
      score: cells.filter((it) => names.has(nameOf(it))).length * 1000 + cells.length,
    };
  });
  return scored.toSorted((a, b) => b.score - a.score)[0]?.separator ?? ",";
}

function readHeader(header: CsvRecord, known: readonly CsvColumn[]) {
  const byName = new Map(known.map((it) => [it.name.toLowerCase(), it.name]));
  const list = known.map((it) => it.name).join(", ");
  const places = new Map<string, number>();
  const faults: TableFault[] = [];
  const { line, cells } = header;
  // Spreadsheets write separators for columns that are empty.
  const width = cells.findLastIndex((it) => nameOf(it) !== "") + 1;
  for (const cell of cells.slice(0, width)) {
    const { column } = cell;
    const name = byName.get(nameOf(cell));
    const columnName = cell.text.trim();
    if (name === undefined) {
      const message = `there is no column ${columnName || "without a name"}: known are ${list}`;
      faults.push({ line, column, columnName, code: "unknown_column", message });
    } else if (places.has(name)) {
      const message = `the column ${name} stands twice, as number ${places.get(name)} as well`;
      faults.push({ line, column, columnName: name, code: "column_twice", message });
    } else places.set(name, column);
  }
  for (const { name, required } of known) {
    if (!required || places.has(name)) continue;
    const message = `the column ${name} is missing from the first line`;
    faults.push({ line, column: null, columnName: name, code: "missing_column", message });
  }
  return { places, width, faults };
}

function widthFault({ line, cells }: CsvRecord, width: number): TableFault | undefined {
  const used = cells.findLastIndex((it) => it.text !== "") + 1;
  const common = { line, columnName: null };
  if (used > width) {
    const message = `${used} cells, and the first line has ${width}: is a cell with a separator in it without quotes?`;
    return { ...common, column: width + 1, code: "too_many_fields", message };
  }
  if (cells.length < width) {
    const message = `${cells.length} cells, and the first line has ${width}`;
    return { ...common, column: cells.length, code: "too_few_fields", message };
  }
  return undefined;
}

/** What `text` ends in: there the bytes are none of its encoding. */
function wrongEncoding(before: string, message: string, known: readonly CsvColumn[]): TableFault {
  // So that what ends in a separator has a cell after it.
  const separator = separatorOf(before, known);
  const { records } = readRecords(`${before}?`, separator);
  const last = records.at(-1);
  const cell = last?.cells.at(-1);
  const header = records.length > 1 ? records[0]?.cells[(cell?.column ?? 0) - 1] : undefined;
  const lines = before.split(/\r\n|\r|\n/);
  return {
    line: lines.length,
    column: cell?.column ?? 1,
    columnName: header?.text.trim() || null,
    code: "wrong_encoding",
    message: `character ${(lines.at(-1)?.length ?? 0) + 1}: ${message}`,
  };
}

function whole(code: string, message: string): Table {
  const fault = { line: 1, column: null, columnName: null, code, message };
  return { rows: [], places: new Map(), faults: [fault] };
}

/** What was read, under the names of the header. */
function tableOf(header: CsvRecord, records: CsvRecord[], known: readonly CsvColumn[]): Table {
  const { places, width, faults } = readHeader(header, known);
  const entries = [...places];
  const rows: CsvRow[] = [];
  const missing = faults.some((it) => it.code === "missing_column" || it.code === "column_twice");
  // Without its column every line would lack the same.
  for (const record of missing ? [] : records) {
    const fault = widthFault(record, width);
    if (fault) faults.push(fault);
    const found = entries.flatMap(([name, place]) => {
      const cell = record.cells[place - 1];
      return cell ? [[name, cell] as const] : [];
    });
    // What stands in the wrong place would be said to be wrong once more for each cell.
    if (!fault) rows.push({ line: record.line, cells: new Map(found) });
  }
  return { rows, places, faults };
}

/**
 * @param known the columns that a file may have, in any order and case
 * @param most so many lines after the header
 */
export function readTable(
  bytes: Uint8Array,
  { charset, known, most }: { charset: string; known: readonly CsvColumn[]; most: number },
): Table {
  const text = decodeBytes(bytes, charset);
  if (typeof text !== "string") {
    const fault = wrongEncoding(text.before, text.message, known);
    return { rows: [], places: new Map(), faults: [fault] };
  }
  const read = readRecords(text, separatorOf(text, known), most + 1);
  const [header, ...records] = read.records;
  const wide = read.faults.filter((it) => it.code === "too_many_cells");
  if (wide.length > 0) {
    const faults = wide.map((it) => ({ ...it, columnName: null }));
    return { rows: [], places: new Map(), faults };
  }
  if (!header) return whole("empty", "the file is empty: its first line names the columns");
  if (read.more) return whole("too_many_lines", `more than ${most} lines: send it in parts`);
  const table = tableOf(header, records, known);
  const named = ({ column, ...it }: CsvFault): TableFault => {
    const columnName = [...table.places].find(([, place]) => place === column)?.[0] ?? null;
    return { ...it, column, columnName };
  };
  const broken = new Set(read.faults.map((it) => it.line));
  // Where quotes went wrong, what follows on that line is anybody's guess.
  const faults = table.faults.filter((it) => !it.code.endsWith("_fields") || !broken.has(it.line));
  return { ...table, faults: [...read.faults.map(named), ...faults] };
}
