/** What came of an import, or would, line by line; and how one is refused. */
import type { ImportOutcome } from "../db/import.ts";
import type { TableFault } from "./csv-table.ts";
import type { ImportFile } from "./import-file.ts";
import type { ImportAnswer } from "./import-schemas.ts";
import { ProblemError } from "./problem.ts";

const mostFaults = 1000;

const inOrder = (a: TableFault, b: TableFault) =>
  a.line - b.line || (a.column ?? 0) - (b.column ?? 0);

/** @param faults all of them, in any order */
export function answerOf(
  file: ImportFile,
  { effects, removed }: ImportOutcome,
  { faults, dryRun, replace }: { faults: TableFault[]; dryRun: boolean; replace: boolean },
): ImportAnswer {
  const wrong = new Set(faults.map((it) => it.line));
  const lines = file.lines.flatMap(({ line, last, subject }, row) => {
    const { effect, changes } = effects[row] ?? {};
    for (let at = line; at <= last; at++) if (wrong.has(at)) return [];
    if (!effect) return [];
    return [{ line, effect, subject, ...(changes?.length ? { changes: [...changes] } : {}) }];
  });
  const countOf = (effect: string) => lines.filter((it) => it.effect === effect).length;
  return {
    dryRun,
    counts: {
      created: countOf("create"),
      changed: countOf("change"),
      unchanged: countOf("unchanged"),
      removed: removed.length,
      faults: faults.length,
    },
    lines,
    ...(replace ? { removed: [...removed] } : {}),
    faults: faults.toSorted(inOrder).slice(0, mostFaults),
    ...(faults.length > mostFaults ? { cut: { faults: faults.length - mostFaults } } : {}),
  };
}

function placeOf({ line, columnName, column }: TableFault): string {
  const name = columnName ?? (column === null ? null : `number ${column}`);
  return name === null ? `line ${line}` : `line ${line}, column ${name}`;
}

export function refusalOf({ faults, counts, cut }: ImportAnswer): ProblemError {
  const [first] = faults;
  const more = counts.faults > 1 ? ` There are ${counts.faults - 1} more.` : "";
  const words = first ? `${placeOf(first)}: ${first.message}.` : "";
  return new ProblemError(400, "import_faults", `Nothing was written. ${words}${more}`, {
    extension: { counts, faults, ...(cut ? { cut } : {}) },
  });
}
