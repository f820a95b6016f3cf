/** Sign-in providers as administrators see them: without their secrets. */
import { sql } from "drizzle-orm";
import type { ClaimRule } from "./claims.ts";
import type { Queryable } from "./client.ts";
import type { NamePage } from "./users.ts";

export interface AdminProviderRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly hasSecret: boolean;
  readonly scope: string;
  readonly usernameClaim: string;
  readonly vouches: boolean;
  readonly enabled: boolean;
  readonly logout: boolean;
  readonly people: number;
  readonly rules: ClaimRule[];
  readonly createdAt: string;
}

const columns = sql`p.id, p.slug, p.name, p.issuer, p.client_id as "clientId",
  p.sealed_secret is not null as "hasSecret", p.scope, p.username_claim as "usernameClaim", p.vouches,
  p.enabled, p.logout, iso(p.created_at) as "createdAt",
  (select count(*)::int from identities i where i.provider_id = p.id) as people,
  (select coalesce(jsonb_agg(jsonb_build_object('claim', r.claim, 'pattern', r.pattern, 'gives', r.gives,
      'target', r.target) order by r.created_at, r.id), '[]')
    from claim_rules r where r.provider_id = p.id) as rules`;

type Row = AdminProviderRow & Record<string, unknown>;

export async function listAllProviders(db: Queryable, page: NamePage): Promise<AdminProviderRow[]> {
  const order = page.descending ? sql`desc` : sql`asc`;
  const after = page.descending ? sql`p.slug < ${page.cursor}` : sql`p.slug > ${page.cursor}`;
  return db.execute<Row>(sql`
    select ${columns} from providers p
    where (${page.search} = '' or position(lower(${page.search}) in lower(p.slug || ' ' || p.name)) > 0)
      and (${page.cursor}::text is null or ${after})
    order by p.slug ${order} limit ${page.limit}`);
}

export async function getAnyProvider(
  db: Queryable,
  id: string,
): Promise<AdminProviderRow | undefined> {
  const [row] = await db.execute<Row>(sql`select ${columns} from providers p where p.id = ${id}`);
  return row;
}

export interface ProviderSettings {
  readonly name?: string | undefined;
  readonly issuer?: string | undefined;
  readonly clientId?: string | undefined;
  readonly scope?: string | undefined;
  readonly usernameClaim?: string | undefined;
  readonly vouches?: boolean | undefined;
  readonly enabled?: boolean | undefined;
  readonly logout?: boolean | undefined;
  /** Undefined: as it is; null: none. */
  readonly sealedSecret?: Uint8Array | null | undefined;
}

/** @throws a unique violation where the slug is taken */
export async function insertProvider(
  db: Queryable,
  it: { id: string; slug: string; name: string; issuer: string; clientId: string },
): Promise<void> {
  await db.execute(sql`
    insert into providers (id, slug, name, issuer, client_id)
    values (${it.id}, ${it.slug}, ${it.name}, ${it.issuer}, ${it.clientId})`);
}

/** @returns whether there is such a provider */
export async function updateProvider(
  db: Queryable,
  id: string,
  it: ProviderSettings,
): Promise<boolean> {
  const rows = await db.execute(sql`
    update providers set name = coalesce(${it.name ?? null}, name), issuer = coalesce(${it.issuer ?? null}, issuer),
      client_id = coalesce(${it.clientId ?? null}, client_id), scope = coalesce(${it.scope ?? null}, scope),
      username_claim = coalesce(${it.usernameClaim ?? null}, username_claim),
      vouches = coalesce(${it.vouches ?? null}, vouches), enabled = coalesce(${it.enabled ?? null}, enabled),
      logout = coalesce(${it.logout ?? null}, logout),
      sealed_secret = case when ${it.sealedSecret === undefined} then sealed_secret
        else ${it.sealedSecret ?? null}::bytea end
    where id = ${id} returning 1`);
  return rows.length > 0;
}

/** Makes these the provider's rules, and no others. */
export async function setClaimRules(
  db: Queryable,
  providerId: string,
  rules: readonly ClaimRule[],
): Promise<void> {
  await db.execute(sql`delete from claim_rules where provider_id = ${providerId}`);
  await db.execute(sql`
    insert into claim_rules (provider_id, claim, pattern, gives, target)
    select ${providerId}, r.claim, r.pattern, r.gives, r.target
    from jsonb_to_recordset(${JSON.stringify(rules)}::jsonb)
      as r(claim text, pattern text, gives text, target text)
    on conflict do nothing`);
}

/** Its people stay, and what it gave them goes. @returns whether there was such a provider */
export async function deleteProvider(db: Queryable, id: string): Promise<boolean> {
  return (await db.execute(sql`delete from providers where id = ${id} returning 1`)).length > 0;
}
