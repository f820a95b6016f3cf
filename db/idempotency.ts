import { sql } from "drizzle-orm";
import { sentAtOnce, type Queryable } from "./client.ts";

/** The instance that this key made within the last day, and what its request was. */
export async function findIdempotent(
  db: Queryable,
  userId: string,
  key: string,
): Promise<{ instanceId: string; bodyHash: string } | undefined> {
  const [row] = await db.execute<{ instanceId: string; bodyHash: string }>(sql`
    select instance_id as "instanceId", body_hash as "bodyHash" from idempotency_keys
    where user_id = ${userId} and key = ${key} and created_at > now() - interval '1 day'`);
  return row;
}

/**
 * Binds a key to the instance made in the same transaction. A racing request with the same key fails
 * on the primary key and then finds the winner's.
 */
export async function rememberIdempotent(
  db: Queryable,
  it: { userId: string; key: string; bodyHash: string; instanceId: string },
): Promise<void> {
  await sentAtOnce([
    db.execute(sql`
      delete from idempotency_keys where user_id = ${it.userId} and key = ${it.key}
        and created_at <= now() - interval '1 day'`),
    db.execute(sql`
      insert into idempotency_keys (user_id, key, body_hash, instance_id)
      values (${it.userId}, ${it.key}, ${it.bodyHash}, ${it.instanceId})`),
  ]);
}
