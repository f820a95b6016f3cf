/** Reading the audit trail: all of it, or what was done to one person's desktop. */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface AuditRow {
  readonly id: string;
  readonly at: string;
  readonly actor: string | null;
  readonly action: string;
  readonly outcome: "allowed" | "refused";
  readonly subjectKind: string | null;
  readonly subjectId: string | null;
  /** The subject's name, where it still has one. */
  readonly subject: string | null;
  readonly address: string | null;
  readonly requestId: string | null;
  /** The sign-in or token it was done by. */
  readonly signInId: string | null;
  readonly detail: Record<string, unknown> | null;
}

export interface AuditFilter {
  readonly search: string;
  /** `instance.start`, or `instance.*` for all of a kind. */
  readonly action: string | null;
  /** A user name. */
  readonly actor: string | null;
  readonly outcome: "allowed" | "refused" | null;
  readonly subjectId: string | null;
  /** ISO 8601. */
  readonly from: string | null;
  readonly until: string | null;
}

export interface AuditPage {
  readonly limit: number;
  /** The id of the last one seen. */
  readonly cursor: string | null;
}

const columns = sql`a.id::text, iso(a.at) as at, a.actor_name as actor, a.action, a.outcome,
  a.subject_kind as "subjectKind", a.subject_id as "subjectId", a.address, a.request_id as "requestId",
  a.sign_in_id as "signInId", a.detail,
  case a.subject_kind when 'user' then (select username from users where id = a.named)
    when 'instance' then (select name from instances where id = a.named)
    when 'node' then (select name from nodes where id = a.named)
    when 'environment' then coalesce((select slug from environments where id = a.named), a.subject_id)
    when 'beamline' then (select code from beamlines where id = a.named)
    when 'experiment' then (select code from experiments where id = a.named)
    when 'group' then (select name from groups where id = a.named)
    when 'rule' then (select name from rule_versions where rule_id = a.named order by version desc limit 1)
    when 'reservation' then (select title from reservations where id = a.named)
  end as subject`;

/** The page `a`, with the subject's id as what the tables know it by; some subjects have none. */
const named = sql`(select a.*, case
    when a.subject_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then a.subject_id::uuid
  end as named from a)`;

const matching = ({ action, ...it }: AuditFilter): SQL => {
  const prefix = action?.endsWith("*") ? action.slice(0, -1) : null;
  return sql`(${action}::text is null or ${prefix}::text is not null or a.action = ${action})
    and (${prefix}::text is null or starts_with(a.action, ${prefix}))
    and (${it.actor}::text is null or a.actor_name = ${it.actor})
    and (${it.outcome}::text is null or a.outcome = ${it.outcome})
    and (${it.subjectId}::text is null or a.subject_id = ${it.subjectId})
    and (${it.from}::timestamptz is null or a.at >= ${it.from}::timestamptz)
    and (${it.until}::timestamptz is null or a.at < ${it.until}::timestamptz)
    and (${it.search} = '' or position(lower(${it.search}) in lower(concat_ws(' ',
      a.actor_name, a.action, a.subject_kind, a.subject_id, a.address, a.request_id, a.detail::text))) > 0)`;
};

type Row = AuditRow & Record<string, unknown>;

/** Newest first. */
export async function listAudit(
  db: Queryable,
  filter: AuditFilter,
  { limit, cursor }: AuditPage,
): Promise<AuditRow[]> {
  // The page is cut before names are looked up.
  return db.execute<Row>(sql`
    with a as (
      select * from audit a where ${matching(filter)} and (${cursor}::bigint is null or a.id < ${cursor}::bigint)
      order by a.id desc limit ${limit}
    )
    select ${columns} from ${named} a order by a.id desc`);
}

/** What anyone did to this desktop of this person's, newest first; undefined where it is not theirs. */
export async function listInstanceAudit(
  db: Queryable,
  { userId, instanceId }: { userId: string; instanceId: string },
  { limit, cursor }: AuditPage,
): Promise<AuditRow[] | undefined> {
  const own = await db.execute(sql`
    select 1 from instances where id = ${instanceId} and owner_id = ${userId}`);
  if (own.length === 0) return undefined;
  return db.execute<Row>(sql`
    with a as (
      select * from audit a where a.subject_kind = 'instance' and a.subject_id = ${instanceId}
        and (${cursor}::bigint is null or a.id < ${cursor}::bigint)
      order by a.id desc limit ${limit}
    )
    select ${columns} from ${named} a order by a.id desc`);
}
