import { decodeProtectedHeader, importJWK, jwtVerify, type CryptoKey } from "jose";
import type { Db } from "../../db/client.ts";
import { verificationKeys } from "../../db/keys.ts";

/** Who may look at keys anew at most this often: a forged key id must not cost a query each time. */
const reloadMs = 1000;
const refreshMs = 60_000;

export type TicketVerifier = (
  ticket: string,
) => Promise<{ readonly jti: string; readonly instanceId: string } | undefined>;

/**
 * Checks a ticket's signature, type, algorithm and audience (this node) with the public keys in the
 * database. Expiry is the database's to judge, when the ticket is redeemed.
 */
export function createVerifier(db: Db, nodeId: string): TicketVerifier {
  let keys = new Map<string, CryptoKey>();
  let loadedAt = -Infinity;

  async function find(kid: string): Promise<CryptoKey | undefined> {
    const age = performance.now() - loadedAt;
    if (age > refreshMs || (!keys.has(kid) && age > reloadMs)) {
      const rows = await verificationKeys(db);
      const loaded = new Map<string, CryptoKey>();
      for (const row of rows) {
        const key = await importJWK(row.publicJwk, "ES256");
        if (!(key instanceof Uint8Array)) loaded.set(row.kid, key);
      }
      keys = loaded;
      loadedAt = performance.now();
    }
    return keys.get(kid);
  }

  return async (ticket) => {
    try {
      const { kid } = decodeProtectedHeader(ticket);
      const key = kid ? await find(kid) : undefined;
      if (!key) return undefined;
      const { payload } = await jwtVerify(ticket, key, {
        algorithms: ["ES256"],
        typ: "vnc+jwt",
        issuer: "asci",
        audience: nodeId,
        clockTolerance: 30,
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
