/** What the lines of a file say, beside what is there, made true as a whole or not at all. */
import { sql } from "drizzle-orm";
import type { Reach } from "./beamlines.ts";
import { planAnew, type Db, type Queryable } from "./client.ts";
import {
  queries,
  unnamedMembers,
  type ImportKind,
  type ImportRow,
  type Looked,
  type LookedFault,
} from "./import-queries.ts";

export interface ImportChange {
  readonly column: string;
  readonly from: string | null;
  readonly to: string | null;
}
/** What a row does, or would do. */
export interface ImportEffect {
  readonly effect: "create" | "change" | "unchanged";
  readonly changes: readonly ImportChange[];
}
export interface ImportFault extends LookedFault {
  /** The row's place among those given, from 0. */
  readonly row: number;
}
export interface ImportOutcome {
  /** One for each row, in order; what it says of rows with faults means nothing. */
  readonly effects: readonly ImportEffect[];
  readonly faults: readonly ImportFault[];
  /** Memberships that went, or would go: `18342: ada`. */
  readonly removed: readonly string[];
}

export interface ImportOptions {
  readonly kind: ImportKind;
  readonly reach: Reach;
  /** Of members: who is not named with an experiment that is, is a member of it no longer. */
  readonly replace: boolean;
  /** Looks, and leaves everything as it is. */
  readonly dryRun: boolean;
  /** In the same transaction, e.g. a row in the audit trail. */
  readonly also: (db: Queryable, outcome: ImportOutcome) => Promise<void>;
}

function effectOf(kind: ImportKind, row: ImportRow, { current }: Looked): ImportEffect {
  if (!current) return { effect: "create", changes: [] };
  const changes: ImportChange[] = [];
  for (const column of queries[kind].changeable) {
    const [from = null, to = null] = [current[column], row[column]];
    // A membership without a date has no end; anything else that is not said stays.
    const said = to !== null || column === "until";
    if (said && from !== to) changes.push({ column, from, to: to === null ? null : String(to) });
  }
  return { effect: changes.length > 0 ? "change" : "unchanged", changes };
}

const defaults: ImportRow = { title: "", dataAccess: "write" };

/** The row as it will be: what it does not say is as it was, or as it is of what is new. */
function completed(row: ImportRow, { current }: Looked): ImportRow {
  const said = Object.entries(row).filter(([, value]) => value !== null);
  return { ...row, ...(current ?? defaults), ...Object.fromEntries(said) };
}

async function look(db: Queryable, rows: readonly ImportRow[], { kind, reach }: ImportOptions) {
  const looked = await db.execute<Looked>(queries[kind].look(rows, reach));
  const faults = looked.flatMap((it, row) => it.faults.map((fault) => ({ ...fault, row })));
  const effects = rows.map((row, n) =>
    effectOf(kind, row, looked[n] ?? { current: null, faults: [] }),
  );
  return { looked, faults, effects };
}

const removal = async (db: Queryable, query: ReturnType<typeof unnamedMembers>) =>
  (await db.execute<{ it: string }>(query)).map(({ it }) => it);

/**
 * Writes nothing where anything is against any row. The same rows again change nothing.
 * @throws a unique violation where somebody else made meanwhile what a row was to make
 */
export function applyImport(
  db: Db,
  rows: readonly ImportRow[],
  options: ImportOptions,
): Promise<ImportOutcome> {
  const { kind, reach, replace, dryRun, also } = options;
  return db.transaction(async (tx) => {
    await planAnew(tx);
    // One at a time, and no synchronisation meanwhile; everyone goes on reading.
    if (!dryRun) await tx.execute(sql`lock table members in share row exclusive mode`);
    const { looked, faults, effects } = await look(tx, rows, options);
    const idle = dryRun || faults.length > 0;
    const removed =
      kind === "members" && replace ? await removal(tx, unnamedMembers(rows, reach, !idle)) : [];
    const outcome = { effects, faults, removed };
    if (idle) return outcome;
    const wanted = rows.flatMap((row, n) => {
      const [it, effect] = [looked[n], effects[n]?.effect];
      return !it || effect === "unchanged" ? [] : [kind === "members" ? row : completed(row, it)];
    });
    if (wanted.length > 0) await queries[kind].write(tx, wanted, reach);
    await also(tx, outcome);
    return outcome;
  });
}
