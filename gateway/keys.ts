/** The keys of tickets as a gateway works with them. */
import type { Db } from "../db/client.ts";
import {
  createKeyCache,
  emptyKeyCacheState,
  type KeyCacheOptions,
  type KeyCacheState,
} from "../db/key-cache.ts";
import { insertFirstKey, listSigningKeys, type SigningKeyRow } from "../db/keys.ts";
import { importKey, makeKey, openKey } from "./key-sealing.ts";

export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

export interface KeyRing {
  /** The key that signs, by a look that may be a minute old. */
  signer(): Promise<SigningKey>;
  /** The private half of a key that the database named. */
  opened(kid: string): Promise<SigningKey>;
  /** Looks anew, and makes an installation's first key where there is none. */
  renew(): Promise<void>;
  /** @returns undefined for a key that is not published, or no longer */
  verifier(kid: string): Promise<CryptoKey | undefined>;
  /** RFC 7517. */
  jwks(): Promise<{ keys: Record<string, string>[] }>;
}

interface LoadedKey extends SigningKeyRow {
  readonly publicKey: CryptoKey;
}

async function loadKeys(db: Db, secret: Uint8Array): Promise<Map<string, LoadedKey>> {
  let rows = await listSigningKeys(db);
  if (rows.length === 0) {
    await insertFirstKey(db, await makeKey(secret), "gateway");
    rows = await listSigningKeys(db);
  }
  const loaded = await Promise.all(
    rows.map(async (row) => ({ ...row, publicKey: await importKey(row.publicJwk) })),
  );
  return new Map(loaded.map((it) => [it.kid, it]));
}

/** What a ring has read, for the next ring of the same process and secret. */
export interface KeyRingState {
  readonly cache: KeyCacheState<LoadedKey>;
  readonly opened: Map<string, SigningKey>;
}

export function emptyKeyRingState(): KeyRingState {
  return { cache: emptyKeyCacheState(), opened: new Map() };
}

/**
 * A ring that reads the database at most once a minute, and once a second for keys it does not know.
 *
 * @param secret 32 bytes
 */
export function createKeyRing(
  db: Db,
  secret: Uint8Array,
  options: KeyCacheOptions = {},
  { cache: state, opened } = emptyKeyRingState(),
): KeyRing {
  const load = async () => {
    const keys = await loadKeys(db, secret);
    for (const kid of opened.keys()) if (!keys.has(kid)) opened.delete(kid);
    return keys;
  };
  const cache = createKeyCache(load, options, state);

  async function open(row: LoadedKey): Promise<SigningKey> {
    const found = opened.get(row.kid) ?? { kid: row.kid, key: await openKey(secret, row) };
    opened.set(row.kid, found);
    return found;
  }

  return {
    async signer() {
      const signing = (keys: ReadonlyMap<string, LoadedKey>) => {
        const row = [...keys.values()].find((it) => it.state === "signing");
        if (!row) throw new Error("no key may sign now");
        return open(row);
      };
      // What cannot be used may have been replaced meanwhile.
      return signing(await cache.all()).catch(async () => signing(await cache.reload()));
    },
    async opened(kid) {
      const row = (await cache.all()).get(kid) ?? (await cache.reload()).get(kid);
      if (!row) throw new Error(`the key ${kid} is not there any more`);
      return open(row);
    },
    async renew() {
      await cache.reload();
    },
    async verifier(kid) {
      return (await cache.find(kid))?.publicKey;
    },
    async jwks() {
      return { keys: [...(await cache.all()).values()].map((it) => it.publicJwk) };
    },
  };
}
