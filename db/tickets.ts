import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { ticketLifeSeconds } from "./key-schedule.ts";
import { uuidArray } from "./work.ts";

export interface TicketGrant {
  readonly jti: string;
  readonly userId: string;
  readonly signInId: string;
  readonly instanceId: string;
  readonly incarnation: number;
  readonly nodeId: string;
  readonly permission: "control" | "view";
}

/** A ticket that was recorded: what signs it, and its times in seconds since 1970. */
export interface RecordedTicket {
  readonly kid: string;
  readonly now: number;
  readonly exp: number;
}

/**
 * Records a ticket that is about to be given out. The database's clock decides how long it lives, and
 * with the same look which key signs it: no copy of the keys can be too old for that.
 *
 * @returns undefined where no key may sign now
 */
export async function insertTicket(
  db: Queryable,
  grant: TicketGrant,
  lifeSeconds: number = ticketLifeSeconds,
): Promise<RecordedTicket | undefined> {
  // Not now(): it may lie before the change of the keys that this statement's look finds.
  const [row] = await db.execute<{ kid: string; now: number; exp: number }>(sql`
    insert into tickets
      (jti, user_id, sign_in_id, instance_id, incarnation, node_id, permission, kid, expires_at)
    select ${grant.jti}::uuid, ${grant.userId}::uuid, ${grant.signInId}::uuid,
      ${grant.instanceId}::uuid, ${grant.incarnation}::integer, ${grant.nodeId}::uuid,
      ${grant.permission}, k.kid, date_trunc('second', now()) + ${lifeSeconds} * interval '1 s'
    from signing_keys k
    where k.sign_from <= clock_timestamp()
      and (k.sign_until is null or k.sign_until > clock_timestamp())
      and (k.retired_at is null or k.retired_at > clock_timestamp())
    order by k.sign_from desc, k.kid limit 1
    returning kid, extract(epoch from created_at)::float8 as now,
      extract(epoch from expires_at)::float8 as exp`);
  return row && { kid: row.kid, now: Math.floor(row.now), exp: Math.floor(row.exp) };
}

/** What the gateway must know of a ticket's subject before it lets the upgrade pass. */
export interface TicketSubject {
  /** Its key is retired. */
  readonly keyRetired: boolean;
  readonly used: boolean;
  readonly expired: boolean;
  readonly instance: boolean;
  readonly state: string | null;
  readonly currentIncarnation: number | null;
  readonly relayUrl: string | null;
  readonly nodeName: string | null;
}

/** @returns undefined where no such ticket was given out */
export async function findTicketSubject(
  db: Queryable,
  jti: string,
  instanceId: string,
): Promise<TicketSubject | undefined> {
  const [row] = await db.execute<TicketSubject & Record<string, unknown>>(sql`
    select coalesce(k.retired_at <= now(), false) as "keyRetired",
      t.used_at is not null as used, t.expires_at <= now() as expired, i.id is not null as instance, i.state, i.incarnation as "currentIncarnation",
      n.relay_url as "relayUrl", n.name as "nodeName"
    from tickets t
    left join instances i on i.id = t.instance_id and i.id = ${instanceId}
    left join nodes n on n.id = t.node_id
    left join signing_keys k on k.kid = t.kid
    where t.jti = ${jti}`);
  return row;
}

export interface Redeemed {
  readonly instanceId: string;
  readonly incarnation: number;
  readonly permission: "control" | "view";
  readonly vncPassword: string;
}

export type TicketFault =
  | "ticket_unknown"
  | "ticket_forged"
  | "ticket_used"
  | "ticket_expired"
  | "ticket_revoked";

/**
 * Redeems a ticket for its one stream. Of any number of racing callers exactly one gets the grant.
 * @returns the grant, or why there is none
 */
export async function redeemTicket(
  db: Queryable,
  jti: string,
  nodeId: string,
): Promise<Redeemed | TicketFault> {
  const [row] = await db.execute<Redeemed & Record<string, unknown>>(sql`
    select instance_id as "instanceId", incarnation, permission, vnc_password as "vncPassword"
    from redeem_ticket(${jti}, ${nodeId})`);
  if (row) return row;
  const [fault] = await db.execute<{ fault: TicketFault }>(sql`
    select ticket_fault(${jti}, ${nodeId}) as fault`);
  return fault?.fault ?? "ticket_unknown";
}

export type GrantEnd = "revoked" | "disabled" | "signed_out" | "ended";

/** Which of these open grants have died, and why. */
export async function deadGrants(
  db: Queryable,
  jtis: readonly string[],
): Promise<{ jti: string; why: GrantEnd }[]> {
  if (jtis.length === 0) return [];
  return db.execute<{ jti: string; why: GrantEnd }>(sql`
    select jti, why from dead_grants(${uuidArray(jtis)})`);
}

/** Notes when someone last worked in an instance. */
export async function noteActivity(
  db: Queryable,
  instanceId: string,
  nodeId: string,
  at: Date,
): Promise<void> {
  await db.execute(sql`select note_activity(${instanceId}, ${nodeId}, ${at.toISOString()})`);
}
