/** Room in people's homes, as nodes see it. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface HomeOwner {
  /** One of the owner's instances on this node. */
  readonly instanceId: string;
  readonly username: string;
  readonly uid: number;
}

/** The owners of this node's running instances, each once. */
export async function listHomeOwners(db: Queryable): Promise<HomeOwner[]> {
  return db.execute<HomeOwner & Record<string, unknown>>(sql`
    select instance_id as "instanceId", username, uid from node_homes()`);
}

/** @param own whether the room is this person's alone */
export async function noteHomeRoom(
  db: Queryable,
  instanceId: string,
  room: { readonly totalBytes: number; readonly freeBytes: number; readonly own: boolean },
): Promise<void> {
  await db.execute(sql`
    select note_home(${instanceId}, ${room.totalBytes}::bigint, ${room.freeBytes}::bigint, ${room.own})`);
}

export interface HomeRoom {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly own: boolean;
  readonly seenAt: string;
}

/** @returns undefined until a desktop of theirs has run */
export async function getHomeRoom(db: Queryable, userId: string): Promise<HomeRoom | undefined> {
  const [row] = await db.execute<HomeRoom & Record<string, unknown>>(sql`
    select total_bytes as "totalBytes", free_bytes as "freeBytes", own, iso(seen_at) as "seenAt"
    from homes where user_id = ${userId}`);
  return row && { ...row, totalBytes: Number(row.totalBytes), freeBytes: Number(row.freeBytes) };
}
