import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

/** Where a reader of changes stands. Text form: `<xid>-<id>`. */
export interface ChangeCursor {
  readonly xid: string;
  readonly id: string;
}

export interface Change {
  readonly cursor: ChangeCursor;
  readonly userId: string;
  readonly kind: string;
  readonly subjectId: string;
}

export function formatCursor(cursor: ChangeCursor): string {
  return `${cursor.xid}-${cursor.id}`;
}

/** @returns undefined where the text is no cursor */
export function parseCursor(text: string): ChangeCursor | undefined {
  const match = /^(\d{1,20})-(\d{1,18})$/.exec(text);
  if (!match?.[1] || !match[2] || BigInt(match[1]) > 0xffff_ffff_ffff_ffffn) return undefined;
  return { xid: match[1], id: match[2] };
}

/** The position after everything that is settled now. */
export async function currentCursor(db: Queryable): Promise<ChangeCursor> {
  const [row] = await db.execute<{ xid: string }>(sql`
    select pg_snapshot_xmin(pg_current_snapshot())::text as xid`);
  if (!row) throw new Error("the snapshot's xmin was not returned");
  return { xid: row.xid, id: "0" };
}

/** Whether everything after this position is still kept, and the position is not ahead of us. */
export async function cursorHolds(db: Queryable, cursor: ChangeCursor): Promise<boolean> {
  const [row] = await db.execute<{ holds: boolean }>(sql`
    select ${cursor.xid}::xid8 <= pg_snapshot_xmin(pg_current_snapshot()) and coalesce(
      (select (xid, id) <= (${cursor.xid}::xid8, ${cursor.id}::bigint) from changes
       order by xid, id limit 1), false) as holds`);
  return row?.holds === true;
}

/**
 * Changes after `cursor`, in the one order that never skips a late commit: rows are read only below
 * the snapshot's xmin, where every transaction has ended.
 *
 * @returns the changes, and whether there are unsettled ones to look for soon
 */
export async function readChanges(
  db: Queryable,
  cursor: ChangeCursor,
  options: { userId?: string; limit: number },
): Promise<{ changes: Change[]; pending: boolean }> {
  const rows = await db.execute<
    Record<"xid" | "id" | "user" | "kind" | "subject", string | null> & {
      pending: boolean;
    }
  >(sql`
    with edge as (select pg_snapshot_xmin(pg_current_snapshot()) as xmin),
    settled as (
      select c.xid, c.id, c.user_id, c.kind, c.subject_id from changes c, edge
      where (c.xid, c.id) > (${cursor.xid}::xid8, ${cursor.id}::bigint) and c.xid < edge.xmin
        and (${options.userId ?? null}::uuid is null or c.user_id = ${options.userId ?? null}::uuid)
      order by c.xid, c.id limit ${options.limit}
    )
    select s.xid::text, s.id::text, s.user_id as user, s.kind, s.subject_id as subject, p.pending
    from (select exists (select from changes c, edge where c.xid >= edge.xmin) as pending) p
    left join settled s on true order by s.xid, s.id`);
  const changes = rows.flatMap((row) =>
    row.xid && row.id && row.user && row.kind && row.subject
      ? [
          {
            cursor: { xid: row.xid, id: row.id },
            userId: row.user,
            kind: row.kind,
            subjectId: row.subject,
          },
        ]
      : [],
  );
  return { changes, pending: rows[0]?.pending === true };
}
