import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface AuditEntry {
  readonly actorId?: string | null;
  readonly actorName?: string | null;
  /** `noun.verb`, e.g. `instance.start`. */
  readonly action: string;
  readonly outcome: "allowed" | "refused";
  readonly subjectKind?: string;
  readonly subjectId?: string | undefined;
  readonly address?: string | null;
  readonly requestId?: string;
  readonly detail?: Record<string, unknown>;
}

/** Appends to the audit trail. No login but the owner's can change or remove a row. */
export async function writeAudit(db: Queryable, entry: AuditEntry): Promise<void> {
  await db.execute(sql`
    insert into audit (actor_id, actor_name, action, outcome, subject_kind, subject_id, address, request_id, detail)
    values (${entry.actorId ?? null}, ${entry.actorName ?? null}, ${entry.action}, ${entry.outcome},
      ${entry.subjectKind ?? null}, ${entry.subjectId ?? null}, ${entry.address ?? null},
      ${entry.requestId ?? null}, ${entry.detail ? JSON.stringify(entry.detail) : null}::jsonb)`);
}

/**
 * Appends what was refused to someone who is known, unless the trail has the same of them from the
 * last minute: a page that asks every second would fill it.
 */
export async function writeRefusal(
  db: Queryable,
  entry: AuditEntry & { readonly actorId: string },
): Promise<void> {
  const [same] = await db.execute(sql`
    select 1 from audit where actor_id = ${entry.actorId} and at > now() - interval '1 minute'
      and action = ${entry.action} and outcome = 'refused' and subject_id = ${entry.subjectId ?? null}
    limit 1`);
  if (!same) await writeAudit(db, entry);
}
