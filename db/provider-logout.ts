/** Signing out at providers, and being signed out by them. */
import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";
import { providerColumns, type Provider } from "./providers.ts";

export interface ProviderSession {
  readonly provider: Provider;
  readonly sealedIdToken: Uint8Array | null;
}

type ProviderSessionRow = Provider & { sealedIdToken: Uint8Array | null } & Record<string, unknown>;

/** Through which provider a sign-in came, where signing out is to lead there: to be asked before it is ended. */
export async function findProviderSession(
  db: Queryable,
  signInId: string,
): Promise<ProviderSession | undefined> {
  const [row] = await db.execute<ProviderSessionRow>(sql`
    select p.*, s.sealed_id_token as "sealedIdToken"
    from sign_ins s join (select ${providerColumns} from providers where enabled and logout) p
      on p.id = s.provider_id
    where s.id = ${signInId} and s.revoked_at is null`);
  if (!row) return undefined;
  return { provider: row, sealedIdToken: row.sealedIdToken };
}

/** Notes a logout token's number. @returns whether it is new */
export async function insertLogoutToken(
  db: Queryable,
  it: { readonly providerId: string; readonly jtiHash: Uint8Array; readonly lifeSeconds: number },
): Promise<boolean> {
  const rows = await db.execute(sql`
    insert into logout_tokens (provider_id, jti_hash, expires_at)
    values (${it.providerId}, ${it.jtiHash}, now() + ${it.lifeSeconds} * interval '1 s')
    on conflict do nothing returning 1`);
  return rows.length > 0;
}

/**
 * Ends what came through a provider: of a subject, of one session there, or of a subject in one session.
 * A sign-in of which no session was told ends with any of its subject.
 *
 * @returns whose, and how many of theirs held until now
 */
export async function endProviderSignIns(
  db: Queryable,
  { providerId, subject, sid }: { providerId: string; subject: string | null; sid: string | null },
): Promise<{ userId: string; signIns: number }[]> {
  return db.execute<{ userId: string; signIns: number }>(sql`
    with ended as (
      update sign_ins set revoked_at = now()
      where provider_id = ${providerId} and revoked_at is null and expires_at > now()
        and (${subject}::text is null or provider_subject = ${subject})
        and (${sid}::text is null or provider_sid = ${sid}
          or provider_sid is null and provider_subject = ${subject})
      returning user_id
    )
    select user_id as "userId", count(*)::int as "signIns" from ended group by user_id`);
}
