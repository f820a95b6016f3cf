/** One-time tickets: ES256 JWTs (RFC 7519) for one WebSocket each. */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Db } from "../db/client.ts";
import { insertTicket, type RecordedTicket, type TicketGrant } from "../db/tickets.ts";
import type { KeyRing } from "./keys.ts";
import { ProblemError } from "./problem.ts";

const ticketIssuer = "asci";
const ticketType = "vnc+jwt";

const claimsSchema = z.object({
  sub: z.uuid(),
  aud: z.uuid(),
  instance: z.uuid(),
  incarnation: z.int().positive(),
  permission: z.enum(["control", "view"]),
  jti: z.uuid(),
  exp: z.number(),
});
export type TicketClaims = z.infer<typeof claimsSchema>;

/** Records a grant and signs its ticket. The database says with which key, and when it expires. */
export async function issueTicket(
  db: Db,
  keys: KeyRing,
  grant: Omit<TicketGrant, "jti">,
): Promise<{ ticket: string; expiresAt: string }> {
  const jti = crypto.randomUUID();
  const { kid, now, exp } = await recordTicket(db, keys, { ...grant, jti });
  const { key } = await keys.opened(kid);
  const ticket = await new SignJWT({
    instance: grant.instanceId,
    incarnation: grant.incarnation,
    permission: grant.permission,
  })
    .setProtectedHeader({ alg: "ES256", typ: ticketType, kid })
    .setIssuer(ticketIssuer)
    .setAudience(grant.nodeId)
    .setSubject(grant.userId)
    .setJti(jti)
    .setIssuedAt(now)
    .setExpirationTime(exp)
    .sign(key);
  return { ticket, expiresAt: new Date(exp * 1000).toISOString() };
}

async function recordTicket(db: Db, keys: KeyRing, grant: TicketGrant): Promise<RecordedTicket> {
  const recorded = await insertTicket(db, grant);
  if (recorded) return recorded;
  // An installation's first ticket, or the first after every key was retired.
  await keys.renew();
  const again = await insertTicket(db, grant);
  if (!again) throw new Error("no key may sign now");
  return again;
}

const refusals: Record<string, string> = {
  ticket_missing:
    "This address needs a ticket: offer the subprotocols that the ticket call returned.",
  ticket_malformed: "The ticket is not readable as one. Ask for a new one.",
  ticket_forged: "The ticket's signature is not ours. Ask for a new one.",
  ticket_algorithm:
    "The ticket is signed with an algorithm that is not accepted. Ask for a new one.",
  ticket_audience: "The ticket is for something else. Ask for a new one.",
  ticket_expired: "The ticket has expired. Ask for a new one.",
  ticket_used: "The ticket has been used: each one opens one connection. Ask for a new one.",
  ticket_instance: "The ticket is for another instance. Ask for one for this instance.",
  ticket_revoked: "The right behind the ticket has ended. Sign in again, or ask for a new one.",
};
export type TicketRefusal = keyof typeof refusals;

export function ticketProblem(code: TicketRefusal): ProblemError {
  return new ProblemError(401, code, refusals[code] ?? "The ticket is not accepted.");
}

/** jose's own codes, told apart for the answer. */
function refusalOf(error: unknown): TicketRefusal {
  if (error instanceof errors.JWTExpired) return "ticket_expired";
  if (error instanceof errors.JOSEAlgNotAllowed) return "ticket_algorithm";
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === "typ" ? "ticket_malformed" : "ticket_audience";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "ticket_forged";
  return "ticket_malformed";
}

/**
 * Checks signature, type, algorithm, issuer and expiry, each refusal with a code of its own. Whether
 * it was used is for the database to say.
 *
 * @throws ProblemError 401
 */
export async function verifyTicket(keys: KeyRing, ticket: string): Promise<TicketClaims> {
  let header: { kid?: string; alg?: string };
  try {
    header = decodeProtectedHeader(ticket);
  } catch {
    throw ticketProblem("ticket_malformed");
  }
  if (header.alg !== "ES256") throw ticketProblem("ticket_algorithm");
  const key = header.kid ? await keys.verifier(header.kid) : undefined;
  if (!key) throw ticketProblem("ticket_forged");
  try {
    const { payload } = await jwtVerify(ticket, key, {
      algorithms: ["ES256"],
      typ: ticketType,
      issuer: ticketIssuer,
      requiredClaims: ["exp", "jti", "sub", "aud"],
      // The database's clock judges in the end; two hosts may differ a little.
      clockTolerance: 2,
    });
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw ticketProblem("ticket_malformed");
    return claims.data;
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw ticketProblem(refusalOf(error));
  }
}
