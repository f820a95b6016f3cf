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
  page: Pick<OrderedPage<string>, "limit" | "descending" | "cursor">,
  { key, id, type, nullable = false }: Order,
  read: (part: Part) => Promise<T[]>,
): Promise<T[]> {
  const { limit, descending, cursor } = page;
  const direction = descending ? sql`desc` : sql`asc`;
  const order = sql`${key} ${direction}, ${id} ${direction}`;
  const later = descending ? sql`<` : sql`>`;
  const rows: T[] = [];
  if (cursor === null || cursor.value !== null) {
    const value = sql`${cursor?.value ?? null}::${sql.raw(type)}`;
    const after =
      cursor === null
        ? sql`true`
        : // The first says nothing more, but to an index that has only the key.
          sql`${key} ${later}= ${value} and (${key}, ${id}) ${later} (${value}, ${cursor.id}::uuid)`;
    const known = nullable ? sql`${key} is not null` : sql`true`;
    rows.push(...(await read({ where: sql`${known} and ${after}`, order, limit })));
  }
  if (!nullable || rows.length === limit) return rows;
  // Of their own, as no index has them last in both directions.
  const after = cursor?.value === null ? sql`${id} ${later} ${cursor.id}::uuid` : sql`true`;
  const where = sql`${key} is null and ${after}`;
  return [...rows, ...(await read({ where, order, limit: limit - rows.length }))];
}
