/**
 * Ticket signing keys (ES256). Public halves stand in the database and at the JWKS address; private
 * halves are sealed with a secret that only gateways hold, so that a copy of the database signs nothing.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import type { Db } from "../db/client.ts";
import { insertFirstKey, listSigningKeys, type SigningKeyRow } from "../db/keys.ts";

const algorithm = "ES256";
const refreshMs = 60_000;

export interface KeyRing {
  /** The key that signs now. */
  signer(): Promise<{ kid: string; key: CryptoKey }>;
  /** @returns undefined for a key that is not published, or no longer */
  verifier(kid: string): Promise<CryptoKey | undefined>;
  /** RFC 7517. */
  jwks(): Promise<{ keys: Record<string, string>[] }>;
}

interface LoadedKey extends SigningKeyRow {
  readonly publicKey: CryptoKey;
}

async function sealingKey(secret: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret as BufferSource, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
}

/** AES-256-GCM: 12 bytes of nonce, then the sealed text; the key's id is authenticated with it. */
async function seal(secret: Uint8Array, kid: string, text: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(kid);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData },
    await sealingKey(secret),
    new TextEncoder().encode(text),
  );
  return new Uint8Array([...iv, ...new Uint8Array(sealed)]);
}

async function unseal(secret: Uint8Array, kid: string, sealed: Uint8Array): Promise<string> {
  const additionalData = new TextEncoder().encode(kid);
  const bytes = Uint8Array.from(sealed);
  const text = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: bytes.subarray(0, 12), additionalData },
    await sealingKey(secret),
    bytes.subarray(12),
  );
  return new TextDecoder().decode(text);
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new Error("an EC key was expected");
  return key;
}

async function createFirstKey(db: Db, secret: Uint8Array): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const sealedPrivate = await seal(secret, kid, JSON.stringify(await exportJWK(privateKey)));
  await insertFirstKey(db, {
    kid,
    publicJwk: { ...publicJwk, kid, alg: algorithm, use: "sig" },
    sealedPrivate,
  });
}

/**
 * A ring that reads the database at most once a minute, and at once for a key it does not know.
 *
 * @param secret 32 bytes
 */
export function createKeyRing(db: Db, secret: Uint8Array): KeyRing {
  let loaded: Promise<LoadedKey[]> | undefined;
  let loadedAt = 0;
  let signing: { kid: string; key: CryptoKey } | undefined;

  async function load(): Promise<LoadedKey[]> {
    let rows = await listSigningKeys(db);
    if (rows.length === 0) {
      await createFirstKey(db, secret);
      rows = await listSigningKeys(db);
    }
    return Promise.all(
      rows.map(async (row) => ({ ...row, publicKey: await importKey(row.publicJwk) })),
    );
  }
  function keys(maxAgeMs = refreshMs): Promise<LoadedKey[]> {
    if (!loaded || Date.now() - loadedAt > maxAgeMs) {
      loadedAt = Date.now();
      const attempt = load();
      loaded = attempt;
      attempt.catch(() => {
        if (loaded === attempt) loaded = undefined;
      });
    }
    return loaded;
  }

  return {
    async signer() {
      const row = (await keys()).find((it) => it.signs);
      if (!row) throw new Error("no key may sign now");
      if (signing?.kid !== row.kid) {
        const jwk: JWK = JSON.parse(await unseal(secret, row.kid, row.sealedPrivate));
        signing = { kid: row.kid, key: await importKey(jwk) };
      }
      return signing;
    },
    async verifier(kid) {
      const known = (await keys()).find((it) => it.kid === kid);
      // A forged kid must not turn into a query per request: look again at most every second.
      return (known ?? (await keys(1000)).find((it) => it.kid === kid))?.publicKey;
    },
    async jwks() {
      return { keys: (await keys()).map((it) => it.publicJwk) };
    },
  };
}
