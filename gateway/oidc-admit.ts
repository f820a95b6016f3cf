/** Admits somebody whom a provider has told of, or says why not. */
import { writeAudit, type AuditEntry } from "../db/audit.ts";
import { givenBy, usernameFrom } from "../db/claims.ts";
import type { Db } from "../db/client.ts";
import { sqlState } from "../db/errors.ts";
import {
  admitIdentity,
  listClaimRules,
  type AdmitFault,
  type Admitted,
  type Provider,
} from "../db/providers.ts";
import { insertSignIn } from "../db/sign-ins.ts";
import type { Deps } from "./deps.ts";
import { hashToken, newSignInToken, signInLifeSeconds } from "./middleware/signed-in.ts";
import type { Claims, Finished } from "./oidc.ts";
import { seal } from "./sealing.ts";

export interface Arrival {
  readonly provider: Provider;
  readonly finished: Finished;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
}

/** Longer ones make addresses that servers refuse: the provider then asks who signs out. */
const hintLimit = 3_000;

export const idTokenPurpose = (signInId: string) => `id token ${signInId}`;

const textOf = (value: unknown): string | null =>
  typeof value === "string" && value.trim() !== "" && /^[^\p{Cc}\p{Cs}]*$/u.test(value)
    ? value.trim().slice(0, 200)
    : null;

/** What the sign-in's row is to know of the provider. */
async function throughOf(deps: Deps, signInId: string, { provider, finished }: Arrival) {
  const { claims, idToken } = finished;
  const sid = claims["sid"];
  return {
    providerId: provider.id,
    subject: claims.sub,
    sid: typeof sid === "string" && sid !== "" ? sid : null,
    sealedIdToken:
      idToken.length > hintLimit
        ? null
        : await seal(deps.sealingKey, idTokenPurpose(signInId), idToken),
  };
}

/**
 * Somebody else may have made the same account or taken the same address in this moment: then it is there
 * to be found.
 */
async function onceMore<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (sqlState(error)?.code !== "23505") throw error;
    return attempt();
  }
}

/** What the trail tells of somebody who was admitted, over the plain. */
function notesOf({
  made,
  emailTaken,
  adminKept,
}: Extract<Admitted, { userId: string; made: boolean }>) {
  return {
    ...(made ? { made } : {}),
    ...(emailTaken ? { emailTaken } : {}),
    ...(adminKept ? { adminKept } : {}),
  };
}

async function vouchedOf(db: Db, provider: Provider, claims: Claims) {
  return {
    provider,
    subject: claims.sub,
    username: usernameFrom(claims[provider.usernameClaim]),
    displayName: textOf(claims["name"]),
    email: textOf(claims["email"]),
    given: givenBy(await listClaimRules(db, provider.id), claims),
  };
}

/**
 * The sign-in itself, what it brings up to date and its row in the trail: together or not at all.
 * @returns the cookie's value, or why there is none
 */
export async function admitArrival(
  deps: Deps,
  arrival: Arrival,
): Promise<{ token: string } | { fault: AdmitFault }> {
  const { provider, finished, address, userAgent, requestId } = arrival;
  const vouched = await vouchedOf(deps.db, provider, finished.claims);
  const [id, token] = [crypto.randomUUID(), newSignInToken()];
  const signIn = {
    id,
    tokenHash: await hashToken(token),
    lifeSeconds: signInLifeSeconds,
    address,
    userAgent,
    through: await throughOf(deps, id, arrival),
  };
  const about = { provider: provider.slug, subject: vouched.subject.slice(0, 255) };
  const audit = (
    it: Pick<AuditEntry, "outcome" | "actorName" | "actorId" | "subjectId" | "detail">,
  ) => ({ action: "sign_in", subjectKind: "user", address, requestId, ...it }) satisfies AuditEntry;
  const outcome = await onceMore(() =>
    deps.db.transaction(async (tx) => {
      const admitted = await admitIdentity(tx, vouched);
      if ("fault" in admitted) return admitted;
      const { userId } = admitted;
      const person = await insertSignIn(tx, { userId, ...signIn });
      if (!person) return { fault: "disabled" as const, userId };
      const detail = { ...about, ...notesOf(admitted) };
      const who = { actorId: userId, actorName: person.username, subjectId: userId };
      await writeAudit(tx, audit({ outcome: "allowed", ...who, detail }));
      return { token, username: person.username, adminKept: admitted.adminKept };
    }),
  );
  if ("fault" in outcome) {
    const { fault, userId } = outcome;
    const detail = { ...about, reason: fault };
    const who = { actorName: vouched.username, subjectId: userId };
    await writeAudit(deps.db, audit({ outcome: "refused", ...who, detail }));
    return { fault };
  }
  if (outcome.adminKept)
    deps.log.warn(
      { requestId, provider: provider.slug, username: outcome.username },
      "the rules for claims would have left nobody who administers: the role admin was kept",
    );
  return { token };
}
