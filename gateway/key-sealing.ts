/**
 * Keys that sign tickets (ES256), as they are made, sealed and opened. Public halves stand in the
 * database and at the JWKS address; private halves are sealed with a secret that only gateways hold,
 * so that a copy of the database signs nothing.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import type { NewKey } from "../db/keys.ts";
import { seal, unseal } from "./sealing.ts";

const algorithm = "ES256";

/** A public or an opened private half. */
export async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new Error("an EC key was expected");
  return key;
}

/**
 * Makes a key for the database. Its id is its thumbprint (RFC 7638).
 *
 * @param secret 32 bytes
 */
export async function makeKey(secret: Uint8Array): Promise<NewKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const sealedPrivate = await seal(secret, kid, JSON.stringify(await exportJWK(privateKey)));
  return { kid, publicJwk: { ...publicJwk, kid, alg: algorithm, use: "sig" }, sealedPrivate };
}

/** Sealed with another secret than the one at hand. */
export class SealedKeyError extends Error {
  readonly code = "sealing_key_wrong";
  readonly kid: string;
  constructor(kid: string, options?: ErrorOptions) {
    super(`The sealing key at hand does not open the signing key ${kid}.`, options);
    this.name = "SealedKeyError";
    this.kid = kid;
  }
}

/** @throws SealedKeyError */
export async function openKey(
  secret: Uint8Array,
  { kid, sealedPrivate }: Pick<NewKey, "kid" | "sealedPrivate">,
): Promise<CryptoKey> {
  let text: string;
  try {
    text = await unseal(secret, kid, sealedPrivate);
  } catch (error) {
    throw new SealedKeyError(kid, { cause: error });
  }
  return importKey(JSON.parse(text) as JWK);
}
