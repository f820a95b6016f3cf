/** Sign-in providers, sign-ins that are under way with them, and whom they vouched for. */
import { sql } from "drizzle-orm";
import type { ClaimRule, Given } from "./claims.ts";
import type { Queryable } from "./client.ts";

export interface Provider {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly sealedSecret: Uint8Array | null;
  readonly scope: string;
  readonly usernameClaim: string;
  readonly vouches: boolean;
}

export const providerColumns = sql`id, slug, name, issuer, client_id as "clientId", sealed_secret as "sealedSecret",
  scope, username_claim as "usernameClaim", vouches`;

/** What the sign-in page offers. */
export async function listProviders(db: Queryable): Promise<{ slug: string; name: string }[]> {
  return db.execute<{ slug: string; name: string }>(sql`
    select slug, name from providers where enabled order by lower(name), slug`);
}

/** One that people may sign in with. @param all also one that is switched off */
export async function findProvider(
  db: Queryable,
  slug: string,
  all = false,
): Promise<Provider | undefined> {
  const [row] = await db.execute<Provider & Record<string, unknown>>(sql`
    select ${providerColumns} from providers where slug = ${slug} and (enabled or ${all})`);
  return row;
}

export interface Attempt {
  readonly stateHash: Uint8Array;
  readonly browserHash: Uint8Array;
  readonly providerId: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly next: string;
}

/** Remembers a sign-in that begins. Who begins many and finishes none leaves them to the sweep. */
export async function insertAttempt(
  db: Queryable,
  it: Attempt,
  lifeSeconds: number,
): Promise<void> {
  await db.execute(sql`
    insert into oidc_attempts (state_hash, browser_hash, provider_id, nonce, verifier, next, expires_at)
    values (${it.stateHash}, ${it.browserHash}, ${it.providerId}, ${it.nonce}, ${it.verifier}, ${it.next},
      now() + ${lifeSeconds} * interval '1 s')`);
}

/**
 * Takes the attempt of this state, once: of several who come with it, one gets it, and only in the
 * browser that began it.
 */
export async function takeAttempt(
  db: Queryable,
  it: Pick<Attempt, "stateHash" | "browserHash" | "providerId">,
): Promise<Pick<Attempt, "nonce" | "verifier" | "next"> | undefined> {
  const [row] = await db.execute<Attempt & { holds: boolean } & Record<string, unknown>>(sql`
    delete from oidc_attempts where state_hash = ${it.stateHash}
    returning nonce, verifier, next,
      browser_hash = ${it.browserHash} and provider_id = ${it.providerId} and expires_at > now() as holds`);
  return row?.holds ? row : undefined;
}

/** Of one provider, in no order. */
export async function listClaimRules(db: Queryable, providerId: string): Promise<ClaimRule[]> {
  return db.execute<ClaimRule & Record<string, unknown>>(sql`
    select claim, pattern, gives, target from claim_rules where provider_id = ${providerId}`);
}

export interface Vouched {
  readonly provider: Pick<Provider, "id" | "vouches">;
  readonly subject: string;
  /** Usable as one; null: the claim cannot be made one. */
  readonly username: string | null;
  readonly displayName: string | null;
  readonly email: string | null;
  readonly given: Given;
}

export type AdmitFault = "username_unusable" | "username_taken" | "disabled";

export type Admitted =
  | {
      readonly userId: string;
      readonly made: boolean;
      readonly emailTaken: boolean;
      /** The rules would have left nobody who administers. */
      readonly adminKept: boolean;
    }
  | { readonly fault: AdmitFault; readonly userId?: string };

/** The account behind an identity, or the one that it may have: made, or the user office's. */
async function accountFor(
  db: Queryable,
  { provider, subject, username }: Vouched,
): Promise<{ userId: string; disabled: boolean; made: boolean } | { fault: AdmitFault }> {
  const [known] = await db.execute<{ userId: string; disabled: boolean }>(sql`
    update identities i set last_sign_in_at = now(), username = coalesce(${username}, i.username)
    from users u
    where i.provider_id = ${provider.id} and i.subject = ${subject} and u.id = i.user_id
    returning u.id as "userId", u.disabled_at is not null as disabled`);
  if (known) return { ...known, made: false };
  if (username === null) return { fault: "username_unusable" };
  const [free] = await db.execute<{ userId: string; disabled: boolean; free: boolean }>(sql`
    select u.id as "userId", u.disabled_at is not null as disabled,
      u.kind = 'person' and u.password_hash is null
      and not exists (select from identities i where i.user_id = u.id) as free
    from users u where u.username = ${username} for update`);
  // Never by e-mail address, and never an account that somebody can sign in to already.
  if (free && !(free.free && provider.vouches)) return { fault: "username_taken" };
  if (free) return { userId: free.userId, disabled: free.disabled, made: false };
  const [made] = await db.execute<{ userId: string }>(sql`
    insert into users (username, display_name) values (${username}, ${username})
    returning id as "userId"`);
  if (!made) throw new Error("the new person's row was not returned");
  return { userId: made.userId, disabled: false, made: true };
}

/**
 * Finds or makes the account of somebody for whom a provider vouches, and brings it up to date: in the
 * caller's transaction, which a refusal has to undo.
 */
export async function admitIdentity(db: Queryable, it: Vouched): Promise<Admitted> {
  const admins = await lockAdmins(db, it);
  const account = await accountFor(db, it);
  if ("fault" in account) return account;
  const { userId, disabled, made } = account;
  if (disabled) return { fault: "disabled", userId };
  await db.execute(sql`
    insert into identities (provider_id, subject, user_id, username)
    values (${it.provider.id}, ${it.subject}, ${userId}, ${it.username})
    on conflict (provider_id, subject) do nothing`);
  const [row] = await db.execute<{ taken: boolean }>(sql`
    with other as (select 1 from users where email = ${it.email} and id <> ${userId})
    update users set display_name = coalesce(${it.displayName}, display_name),
      email = case when ${it.email}::text is null or exists (select from other) then email else ${it.email} end
    where id = ${userId} returning exists (select from other) as taken`);
  const adminKept = admins.length === 1 && admins[0] === userId;
  await applyGiven(db, userId, it.provider.id, it.given, adminKept);
  return { userId, made, emailTaken: row?.taken === true, adminKept };
}

/**
 * Those who administer, where the rules take that from one of them: two who lose it at once must not
 * both do so. In the order in which everyone locks them, and before anything else of a person.
 */
async function lockAdmins(
  db: Queryable,
  { provider, subject, username, given: { role } }: Vouched,
): Promise<string[]> {
  if (!role || role.includes("admin")) return [];
  const [mine] = await db.execute(sql`
    select 1 from users u where 'admin' = any (u.roles) and (u.username = ${username} or u.id in (
      select i.user_id from identities i where i.provider_id = ${provider.id} and i.subject = ${subject}))`);
  if (!mine) return [];
  const rows = await db.execute<{ id: string }>(sql`
    select id from users where 'admin' = any (roles) and disabled_at is null order by id for update`);
  return rows.map(({ id }) => id);
}

const rosters = {
  group: sql`select g.id from groups g where g.name in (select name from wanted)`,
  beamline_staff: sql`select b.id from beamlines b where lower(b.code) in (select lower(name) from wanted)`,
  experiment: sql`select x.id from experiments x where lower(x.code) in (select lower(name) from wanted)`,
};
const tables = {
  group: { table: sql`group_members`, key: sql`group_id` },
  beamline_staff: { table: sql`beamline_staff`, key: sql`beamline_id` },
  experiment: { table: sql`members`, key: sql`experiment_id` },
};

/** What the provider gives, and no more of what it gave before; what was set here stays. */
async function applyGiven(
  db: Queryable,
  userId: string,
  providerId: string,
  given: Given,
  adminKept: boolean,
): Promise<void> {
  if (given.role) {
    const roles = [
      "user",
      ...given.role.filter((it) => ["staff", "admin", "monitor"].includes(it)),
      ...(adminKept ? ["admin"] : []),
    ];
    await db.execute(sql`
      update users set roles = ${`{${[...new Set(roles)].join(",")}}`}::text[]
      where id = ${userId} and roles <> ${`{${[...new Set(roles)].join(",")}}`}::text[]`);
  }
  for (const kind of ["group", "beamline_staff", "experiment"] as const) {
    const names = given[kind];
    if (!names) continue;
    const { table, key } = tables[kind];
    const wanted = sql`wanted as (select name from jsonb_array_elements_text(${JSON.stringify(names)}::jsonb) as w(name)),
      ids as (${rosters[kind]})`;
    await db.execute(sql`
      with ${wanted} delete from ${table} t
      where t.user_id = ${userId} and t.provider_id = ${providerId} and t.${key} not in (select id from ids)`);
    await db.execute(sql`
      with ${wanted} insert into ${table} (${key}, user_id, provider_id)
      select id, ${userId}::uuid, ${providerId}::uuid from ids on conflict do nothing`);
  }
}
