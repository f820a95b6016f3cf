import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import type { Bucket } from "./sign-ins.ts";

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
  /** The sign-in or token it was done by. */
  readonly signInId?: string;
  readonly detail?: Record<string, unknown>;
}

/** Appends to the audit trail. No login but the owner's can change or remove a row. */
export async function writeAudit(db: Queryable, entry: AuditEntry): Promise<void> {
  await db.execute(sql`
    insert into audit
      (actor_id, actor_name, action, outcome, subject_kind, subject_id, address, request_id, sign_in_id, detail)
    values (${entry.actorId ?? null}, ${entry.actorName ?? null}, ${entry.action}, ${entry.outcome},
      ${entry.subjectKind ?? null}, ${entry.subjectId ?? null}, ${entry.address ?? null},
      ${entry.requestId ?? null}, ${entry.signInId ?? null}, ${entry.detail ? JSON.stringify(entry.detail) : null}::jsonb)`);
}

/** Of one person within a minute: whoever asks for more is seen well enough by these. */
const refusalsKept = 100;

/**
 * Appends what was refused to someone who is known, unless the trail has the very same of them from the
 * last minute, or a hundred others: a page that asks every second would fill it.
 */
export async function writeRefusal(
  db: Queryable,
  entry: AuditEntry & { readonly actorId: string },
): Promise<void> {
  const detail = entry.detail ? JSON.stringify(entry.detail) : null;
  const [kept] = await db.execute<{ same: boolean | null; all: number }>(sql`
    select bool_or(action = ${entry.action} and subject_id is not distinct from ${entry.subjectId ?? null}
        and detail is not distinct from ${detail}::jsonb) as same, count(*)::int as "all"
    from audit
    where actor_id = ${entry.actorId} and at > now() - interval '1 minute' and outcome = 'refused'`);
  if (!kept?.same && (kept?.all ?? 0) < refusalsKept) await writeAudit(db, entry);
}

/**
 * Appends what was refused to nobody who is known, as there had been too many attempts. Those of the same bucket in the
 * same window are counted on the first one's row, as `repeated`, with `lastAt`: else anyone could fill the trail.
 *
 * @param buckets those in which it would have been counted
 */
export async function writeLimited(
  db: Queryable,
  buckets: readonly Bucket[],
  entry: Omit<AuditEntry, "outcome"> & { readonly detail: Record<string, unknown> },
): Promise<void> {
  const names = sql.join(
    buckets.map((it) => sql`${it.name}`),
    sql`, `,
  );
  await db.execute(
    sql`select audit_limited(array[${names}]::text[], ${JSON.stringify(entry)}::jsonb)`,
  );
}
