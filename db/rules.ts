/** Rules of placement: what stands, and every state it was ever in. */
import { sql, type SQL } from "drizzle-orm";
import type { RuleThen, RuleWhen } from "../scheduler/types.ts";
import type { Queryable } from "./client.ts";
import { uuidArray } from "./work.ts";

export interface RuleFields {
  readonly name: string;
  readonly priority: number;
  readonly enabled: boolean;
  readonly when: RuleWhen;
  readonly then: RuleThen;
}
export interface RuleRow extends RuleFields {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The name of who changed it last. */
  readonly updatedBy: string | null;
}
export interface RuleVersionRow extends RuleFields {
  readonly version: number;
  readonly deleted: boolean;
  readonly author: string;
  readonly reason: string;
  readonly at: string;
}

const fields = (table: SQL) =>
  sql`${table}.name, ${table}.priority, ${table}.enabled, ${table}.conditions as "when", ${table}.effects as "then"`;
const columns = sql`r.id, ${fields(sql`r`)}, r.version, iso(r.created_at) as "createdAt",
  iso(r.updated_at) as "updatedAt", v.author_name as "updatedBy"`;
const joined = sql`rules r left join rule_versions v on v.rule_id = r.id and v.version = r.version`;

type Row = RuleRow & Record<string, unknown>;

export interface RulePage {
  readonly search: string;
  readonly sort: "priority" | "-priority" | "name" | "-name";
  readonly limit: number;
  /** The last one seen. */
  readonly cursor: { readonly priority: number; readonly name: string } | null;
}

/**
 * A name as rules of one priority are asked by it: the same on every server, whatever its locale. `inOrder` in
 * scheduler/rules.ts compares by the same.
 */
export const askedBy = (name: SQL) => sql`lower(${name}::text collate "C")`;

/** What it is sorted by, so that the next page begins where the last one ended. */
const orders: Record<
  RulePage["sort"],
  { order: SQL; after(cursor: { priority: number; name: string }): SQL }
> = {
  // As they are asked.
  "-priority": {
    order: sql`-r.priority, ${askedBy(sql`r.name`)}`,
    after: (it) =>
      sql`(-r.priority, ${askedBy(sql`r.name`)}) > (${-it.priority}::int, ${askedBy(sql`${it.name}`)})`,
  },
  priority: {
    order: sql`-r.priority desc, ${askedBy(sql`r.name`)} desc`,
    after: (it) =>
      sql`(-r.priority, ${askedBy(sql`r.name`)}) < (${-it.priority}::int, ${askedBy(sql`${it.name}`)})`,
  },
  name: { order: sql`lower(r.name)`, after: (it) => sql`lower(r.name) > lower(${it.name})` },
  "-name": {
    order: sql`lower(r.name) desc`,
    after: (it) => sql`lower(r.name) < lower(${it.name})`,
  },
};

/** A search looks at names, conditions and effects. */
export async function listRules(db: Queryable, page: RulePage): Promise<RuleRow[]> {
  const { order, after } = orders[page.sort];
  return db.execute<Row>(sql`
    select ${columns} from ${joined}
    where (${page.search} = '' or position(lower(${page.search}) in
        lower(concat_ws(' ', r.name, r.conditions::text, r.effects::text))) > 0)
      and ${page.cursor ? after(page.cursor) : sql`true`}
    order by ${order} limit ${page.limit}`);
}

export async function getRule(db: Queryable, id: string): Promise<RuleRow | undefined> {
  const [row] = await db.execute<Row>(sql`select ${columns} from ${joined} where r.id = ${id}`);
  return row;
}

/** Everything it ever was, the newest first; undefined where there never was such a rule. */
export async function listRuleVersions(
  db: Queryable,
  id: string,
): Promise<RuleVersionRow[] | undefined> {
  const rows = await db.execute<RuleVersionRow & Record<string, unknown>>(sql`
    select v.version, ${fields(sql`v`)}, v.deleted, v.author_name as author, v.reason, iso(v.at) as at
    from rule_versions v where v.rule_id = ${id} order by v.version desc`);
  return rows.length === 0 ? undefined : rows;
}

export interface RuleAuthor {
  readonly id: string;
  readonly name: string;
  /** Why it is done; may be empty. */
  readonly reason: string;
}

/** Lets one writer of rules at a time go on: what it has read of all rules still holds when it writes. */
export async function lockRules(db: Queryable): Promise<void> {
  await db.execute(sql`lock table rules in share row exclusive mode`);
}

/** Writes down what these rules are now. */
async function noteVersions(
  db: Queryable,
  ids: readonly string[],
  by: RuleAuthor,
  gone = false,
): Promise<void> {
  await db.execute(sql`
    insert into rule_versions
      (rule_id, version, name, priority, enabled, conditions, effects, deleted, author_id, author_name, reason)
    select id, version + ${gone ? 1 : 0}, name, priority, enabled, conditions, effects, ${gone},
      ${by.id}, ${by.name}, ${by.reason}
    from rules where id = any (${uuidArray(ids)})`);
}

/** @param restored where it was there before: its id and its next version. @throws a unique violation of the name */
export async function insertRule(
  db: Queryable,
  by: RuleAuthor,
  it: RuleFields,
  restored: { readonly id: string; readonly version: number } | null = null,
): Promise<string> {
  const [row] = await db.execute<{ id: string }>(sql`
    insert into rules (id, version, name, priority, enabled, conditions, effects)
    values (coalesce(${restored?.id ?? null}::uuid, gen_random_uuid()), ${restored?.version ?? 1},
      ${it.name}, ${it.priority}, ${it.enabled}, ${JSON.stringify(it.when)}::jsonb,
      ${JSON.stringify(it.then)}::jsonb)
    returning id`);
  if (!row) throw new Error("the new rule's row was not returned");
  await noteVersions(db, [row.id], by);
  return row.id;
}

/** Writes all of a rule that is there. @throws a unique violation of the name */
export async function updateRule(
  db: Queryable,
  by: RuleAuthor,
  id: string,
  it: RuleFields,
): Promise<void> {
  await db.execute(sql`
    update rules set version = version + 1, updated_at = now(), name = ${it.name},
      priority = ${it.priority}, enabled = ${it.enabled}, conditions = ${JSON.stringify(it.when)}::jsonb,
      effects = ${JSON.stringify(it.then)}::jsonb
    where id = ${id}`);
  await noteVersions(db, [id], by);
}

/** Its versions stay. */
export async function deleteRule(db: Queryable, by: RuleAuthor, id: string): Promise<void> {
  await noteVersions(db, [id], by, true);
  await db.execute(sql`delete from rules where id = ${id}`);
}

/** Gives rules other priorities; those that have theirs already are left alone. */
export async function setPriorities(
  db: Queryable,
  by: RuleAuthor,
  priorities: ReadonlyMap<string, number>,
): Promise<void> {
  const set = JSON.stringify([...priorities].map(([id, priority]) => ({ id, priority })));
  const rows = await db.execute<{ id: string }>(sql`
    update rules r set version = version + 1, updated_at = now(), priority = s.priority
    from jsonb_to_recordset(${set}::jsonb) as s(id uuid, priority int)
    where r.id = s.id and r.priority <> s.priority returning r.id`);
  if (rows.length > 0)
    await noteVersions(
      db,
      rows.map((it) => it.id),
      by,
    );
}
