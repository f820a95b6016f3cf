import { sql } from "drizzle-orm";
import type { Queryable } from "./client.ts";

export interface SigningKeyRow {
  readonly kid: string;
  readonly publicJwk: Record<string, string>;
  readonly sealedPrivate: Uint8Array;
  /** Whether tickets may be signed with it now. */
  readonly signs: boolean;
}

/** Keys that are not retired, newest first. */
export async function listSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  return db.execute<SigningKeyRow & Record<string, unknown>>(sql`
    select kid, public_jwk as "publicJwk", sealed_private as "sealedPrivate",
      sign_from <= now() and (sign_until is null or sign_until > now()) as signs
    from signing_keys where retired_at is null order by sign_from desc, kid`);
}

/**
 * Publishes a key. The first one of an installation signs at once; of several gateways that start
 * together on an empty table one wins, as the row is inserted only where there is none.
 */
export async function insertFirstKey(
  db: Queryable,
  key: { kid: string; publicJwk: object; sealedPrivate: Uint8Array },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(4157362012)`);
    await tx.execute(sql`
      insert into signing_keys (kid, public_jwk, sealed_private, sign_from)
      select ${key.kid}, ${JSON.stringify(key.publicJwk)}::jsonb, ${key.sealedPrivate}, now()
      where not exists (select from signing_keys where retired_at is null)`);
  });
}

/** Public keys for checking tickets, as a relay's login may read them. */
export async function verificationKeys(
  db: Queryable,
): Promise<{ kid: string; publicJwk: Record<string, string> }[]> {
  return db.execute<{ kid: string; publicJwk: Record<string, string> }>(sql`
    select kid, public_jwk as "publicJwk" from verification_keys()`);
}
