/** What rules are held against: starts of the last week, and the codes that there are. */
import { sql } from "drizzle-orm";
import type { Attributes, RuleWhen } from "../scheduler/types.ts";
import type { Queryable } from "./client.ts";

/** So many starts of one kind: all that a rule's `when` looks at is the same. */
export interface Starts extends Pick<
  Attributes,
  "environment" | "kind" | "beamline" | "experiment" | "user" | "roles"
> {
  /** When they were placed: at or after this, and before the next of the asked times. Ms since 1970. */
  readonly at: number;
  readonly count: number;
}

/**
 * The starts of the last 7 days, in groups.
 * @param times what divides them further: when rules begin and end to count, ISO 8601
 */
export async function readStarts(db: Queryable, times: readonly string[]): Promise<Starts[]> {
  const bounds = [...new Set(times.map((it) => Date.parse(it)))].sort((a, b) => a - b);
  const array = `{${bounds.map((it) => new Date(it).toISOString()).join(",")}}`;
  const rows = await db.execute<Starts & { bucket: number } & Record<string, unknown>>(sql`
    with starts as (
      select i.environment_id, i.owner_id, i.experiment_id, count(*)::int as count,
        width_bucket(c.placed_at, ${array}::timestamptz[]) as bucket
      from incarnations c join instances i on i.id = c.instance_id
      where c.placed_at > now() - interval '7 days' group by 1, 2, 3, 5
    )
    select e.slug as environment, e.kind, b.code as beamline, x.code as experiment, u.username as user,
      to_json(u.roles) as roles, s.count, s.bucket
    from starts s join environments e on e.id = s.environment_id join users u on u.id = s.owner_id
    left join experiments x on x.id = s.experiment_id left join beamlines b on b.id = x.beamline_id`);
  return rows.map(({ bucket, ...it }) => ({ ...it, at: bounds[bucket - 1] ?? 0 }));
}

/** Codes as they are written, by the same in lower case. */
export interface KnownCodes {
  readonly beamlines: ReadonlyMap<string, string>;
  readonly experiments: ReadonlyMap<string, string>;
  readonly environments: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
}

const listed = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;
const lower = (value: string | readonly string[] | undefined) =>
  JSON.stringify(listed(value).map((it) => it.toLowerCase()));

/** Which of the codes and names in a rule's `when` there are. */
export async function findCodes(db: Queryable, when: RuleWhen): Promise<KnownCodes> {
  const rows = await db.execute<{ kind: string; code: string }>(sql`
    select 'beamline' as kind, code from beamlines
      where lower(code) in (select jsonb_array_elements_text(${lower(when.beamline)}::jsonb))
    union all select 'experiment', code from experiments
      where lower(code) in (select jsonb_array_elements_text(${lower(when.experiment)}::jsonb))
    union all select 'environment', slug from environments
      where slug in (select jsonb_array_elements_text(${lower(when.environment)}::jsonb))
    union all select 'user', username from users
      where username in (select jsonb_array_elements_text(${lower(when.user)}::jsonb)) and kind = 'person'`);
  const of = (kind: string) => rows.filter((it) => it.kind === kind).map((it) => it.code);
  const byLower = (codes: string[]) => new Map(codes.map((it) => [it.toLowerCase(), it]));
  return {
    beamlines: byLower(of("beamline")),
    experiments: byLower(of("experiment")),
    environments: new Set(of("environment")),
    users: new Set(of("user")),
  };
}

const spelled = <T extends string | readonly string[]>(
  value: T,
  known: ReadonlyMap<string, string>,
) =>
  typeof value === "string"
    ? (known.get(value.toLowerCase()) ?? value)
    : value.map((it) => known.get(it.toLowerCase()) ?? it);

/** Codes go by their letters, whatever their case: spelled as they are, they are found. */
export function spellWhen(when: RuleWhen, known: KnownCodes): RuleWhen {
  const { beamline, experiment } = when;
  return {
    ...when,
    ...(beamline === undefined ? {} : { beamline: spelled(beamline, known.beamlines) }),
    ...(experiment === undefined ? {} : { experiment: spelled(experiment, known.experiments) }),
  };
}
