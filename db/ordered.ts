/**
 * Pages of lists that can be sorted by several things, by keyset: from after the last one seen, by its value and, among
 * equals, its id. So rows that come and go meanwhile shift nothing, and a page far in costs as much as the first.
 */
import { sql, type SQL } from "drizzle-orm";

/** The last one seen, which may be gone since. */
export interface OrderCursor {
  /** Exact; null: among those that have none, which come last in either direction. */
  readonly value: string | null;
  readonly id: string;
}

export interface OrderedPage<By extends string> {
  readonly search: string;
  readonly limit: number;
  readonly by: By;
  readonly descending: boolean;
  readonly cursor: OrderCursor | null;
}

/** What a list is sorted by: an expression that an index has, and the id, which the index has behind it. */
export interface Order {
  readonly key: SQL;
  readonly id: SQL;
  readonly type: "text" | "timestamptz";
  readonly nullable?: boolean;
}

/** Of a row, for the next page's cursor. */
export interface Placed {
  readonly at: string | null;
}

/** The key as a cursor carries it: to the last digit. */
export const keyText = ({ key, type }: Order): SQL =>
  type === "text" ? key : sql`to_char(${key} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

interface Part {
  readonly where: SQL;
  readonly order: SQL;
  readonly limit: number;
}

/**
 * @param read a part of the rows, in its order
 * @returns `page.limit` of them, or as many as there are
 */
export async function readOrdered<T>(
  page: Omit<OrderedPage<string>, "by">,
  it: Order,
  read: (part: Part) => Promise<T[]>,
): Promise<T[]> {
  const { limit, cursor } = page;
  const { key, nullable = false } = it;
  const order = orderIn(page, it);
  const after = afterIn(page, it);
  if (!nullable) return read({ where: after.known, order, limit });
  // What is searched for is looked for among all of them: once, and sorted then.
  if (page.search !== "") {
    const where = cursor?.value === null ? after.none : sql`(${after.known} or ${key} is null)`;
    return read({ where, order: sql`${key} is null, ${order}`, limit });
  }
  const rows: T[] = [];
  if (cursor?.value !== null)
    rows.push(...(await read({ where: sql`${key} is not null and ${after.known}`, order, limit })));
  // Those without are read on their own, as no index has them last in both directions.
  if (rows.length < limit)
    rows.push(...(await read({ where: after.none, order, limit: limit - rows.length })));
  return rows;
}

type Where = Pick<OrderedPage<string>, "descending" | "cursor">;

function orderIn({ descending }: Where, { key, id }: Order): SQL {
  const direction = descending ? sql`desc` : sql`asc`;
  return sql`${key} ${direction}, ${id} ${direction}`;
}

/** From where on, among those with a value, and among those without. */
function afterIn(
  { descending, cursor }: Where,
  { key, id, type }: Order,
): { known: SQL; none: SQL } {
  const later = descending ? sql`<` : sql`>`;
  if (cursor === null) return { known: sql`true`, none: sql`${key} is null` };
  if (cursor.value === null)
    return { known: sql`false`, none: sql`${key} is null and ${id} ${later} ${cursor.id}::uuid` };
  const value = sql`${cursor.value}::${sql.raw(type)}`;
  return {
    // The first says nothing more, but to an index that has only the key.
    known: sql`${key} ${later}= ${value} and (${key}, ${id}) ${later} (${value}, ${cursor.id}::uuid)`,
    none: sql`${key} is null`,
  };
}
