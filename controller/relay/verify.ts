import { decodeProtectedHeader, importJWK, jwtVerify, type CryptoKey } from "jose";
import type { Db } from "../../db/client.ts";
import { createKeyCache, type KeyCacheOptions } from "../../db/key-cache.ts";
import { verificationKeys } from "../../db/keys.ts";

export type TicketVerifier = (
  ticket: string,
) => Promise<{ readonly jti: string; readonly instanceId: string } | undefined>;

async function loadKeys(db: Db): Promise<Map<string, CryptoKey>> {
  const loaded = new Map<string, CryptoKey>();
  for (const { kid, publicJwk } of await verificationKeys(db)) {
    const key = await importJWK(publicJwk, "ES256");
    if (!(key instanceof Uint8Array)) loaded.set(kid, key);
  }
  return loaded;
}

/**
 * Checks a ticket's signature, type, algorithm and audience (this node) with the public keys in the
 * database. Expiry, and whether its key was retired since, are the database's to judge, when the
 * ticket is redeemed.
 */
export function createVerifier(
  db: Db,
  nodeId: string,
  options: KeyCacheOptions = {},
): TicketVerifier {
  const keys = createKeyCache(() => loadKeys(db), options);

  return async (ticket) => {
    try {
      const { kid } = decodeProtectedHeader(ticket);
      const key = kid ? await keys.find(kid) : undefined;
      if (!key) return undefined;
      const { payload } = await jwtVerify(ticket, key, {
        algorithms: ["ES256"],
        typ: "vnc+jwt",
        issuer: "asci",
        audience: nodeId,
        // Nothing has expired by then: this node's clock may be wrong, and is not asked.
        currentDate: new Date(0),
      });
      const { jti, instance } = payload as { jti?: unknown; instance?: unknown };
      return typeof jti === "string" && typeof instance === "string"
        ? { jti, instanceId: instance }
        : undefined;
    } catch (error) {
      // A database that does not answer is no forged ticket.
      if (String((error as { code?: unknown }).code).startsWith("ERR_J")) return undefined;
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  };
}
