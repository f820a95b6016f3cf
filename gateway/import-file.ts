/** A file of an import, read and checked as far as it can be without looking at what is there. */
import type { ImportKind, ImportRow, LookedFault } from "../db/import-queries.ts";
import type { ImportFault } from "../db/import.ts";
import { readTable, type CsvRow, type TableFault } from "./csv-table.ts";
import { importKinds } from "./import-kinds.ts";

/** Lines after the header. */
export const mostLines = 20_000;

export interface ImportFile {
  /** Each row's first line and last, and what it is about. */
  readonly lines: readonly {
    readonly line: number;
    readonly last: number;
    readonly subject: string;
  }[];
  /** What could be read of each row: null where it could not. */
  readonly rows: readonly ImportRow[];
  readonly faults: readonly TableFault[];
  /** Says of a row what the database knows against it. */
  readonly faultOf: (fault: ImportFault) => TableFault;
}

const textOf = (row: CsvRow, column: string) => row.cells.get(column)?.text.trim() ?? "";

function at(row: CsvRow, columnName: string, place: number | null, code: string, message: string) {
  const { line, column } = row.cells.get(columnName) ?? { line: row.line, column: place };
  return { line, column, columnName, code, message };
}

function checkRow(kind: ImportKind, row: CsvRow, administers: boolean) {
  const { columns, guarded } = importKinds[kind];
  const values: Record<string, string | number | null> = {};
  const faults: TableFault[] = [];
  const refuse = (column: string, code: string, message: string) =>
    faults.push(at(row, column, null, code, message));
  for (const { name, required, schema } of columns) {
    const text = textOf(row, name);
    values[name] = null;
    if (text === "" && required) refuse(name, "required", "must not be empty");
    if (text === "") continue;
    const read = schema.safeParse(text);
    if (read.success) values[name] = read.data;
    else refuse(name, "invalid", `${shortened(text)}: ${read.error.issues[0]?.message ?? ""}`);
    if (guarded.includes(name) && !administers)
      refuse(name, "role_missing", "only an administrator says where data lies and who may write");
  }
  const { startsAt, endsAt } = values;
  if (typeof startsAt === "string" && typeof endsAt === "string" && endsAt <= startsAt)
    refuse("endsAt", "ends_before_start", "it would end before it begins");
  return { values, faults };
}

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function findTwice(kind: ImportKind, rows: readonly CsvRow[]): TableFault[] {
  return importKinds[kind].once.flatMap((columns) => {
    const first = new Map<string, CsvRow>();
    const faults: TableFault[] = [];
    const last = columns.at(-1) ?? "";
    for (const row of rows) {
      const texts = columns.map((it) => textOf(row, it));
      if (texts.includes("")) continue;
      const key = texts.join("\n").toLowerCase();
      const before = first.get(key);
      if (!before) first.set(key, row);
      else {
        const same = columns.every((it, n) => textOf(before, it) === texts[n]);
        const where = `stands on line ${before.cells.get(last)?.line ?? before.line} already`;
        const how = same ? "" : `, there as ${columns.map((it) => textOf(before, it)).join(": ")}`;
        const message = `${shortened(texts.join(": "))} ${where}${how}`;
        faults.push(at(row, last, null, "twice", message));
      }
    }
    return faults;
  });
}

function wordsOfLooked({ code, value }: LookedFault): string {
  switch (code) {
    case "uid_differs":
      return `this person has the uid ${value}, which never changes: their files belong to it`;
    case "uid_taken":
      return `belongs to ${value} already`;
    case "email_taken":
      return `is the address of ${value} already`;
    case "unknown_beamline":
      return `there is no beamline ${value}, or it is not yours`;
    case "beamline_differs":
      return `it belongs to ${value}: only an administrator moves it to another beamline`;
    case "username_taken":
      return `is the name of ${value} here`;
    case "code_taken":
      return `another beamline has the experiment ${value}, which is not yours`;
    case "unknown_experiment":
      return `there is no experiment ${value}, or it is not yours`;
    case "unknown_person":
      return `there is no person ${value}`;
  }
}

/** @param administers whether the caller may fill every column */
export function readImport(
  kind: ImportKind,
  bytes: Uint8Array,
  { charset, administers }: { charset: string; administers: boolean },
): ImportFile {
  const { columns, subject } = importKinds[kind];
  const table = readTable(bytes, { charset, known: columns, most: mostLines });
  const checked = table.rows.map((row) => checkRow(kind, row, administers));
  const faults = [
    ...table.faults,
    ...checked.flatMap((it) => it.faults),
    ...findTwice(kind, table.rows),
  ];
  return {
    lines: table.rows.map((row) => ({
      line: row.line,
      last: Math.max(row.line, ...[...row.cells.values()].map((it) => it.line)),
      subject: subject((column) => textOf(row, column)),
    })),
    rows: checked.map((it) => it.values),
    faults,
    faultOf: ({ row, ...fault }) => {
      const place = table.places.get(fault.column) ?? null;
      const found = table.rows[row] ?? { line: 1, cells: new Map() };
      return at(found, fault.column, place, fault.code, wordsOfLooked(fault));
    },
  };
}
