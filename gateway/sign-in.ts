/** Signing in with a local account: limits, the password, and the audit trail of every attempt. */
import { writeAudit, writeLimited } from "../db/audit.ts";
import type { Queryable } from "../db/client.ts";
import {
  countAttempt,
  findAccount,
  findPerson,
  forgiveAttempts,
  insertSignIn,
  uncountAttempt,
  type Bucket,
  type PersonRow,
} from "../db/sign-ins.ts";
import type { Deps } from "./deps.ts";
import { hashToken, newSignInToken, signInLifeSeconds } from "./middleware/signed-in.ts";
import { networkOf } from "./network.ts";
import { ProblemError } from "./problem.ts";
import { usernameSchema } from "./schemas.ts";

export interface SignInAttempt {
  /** Lower case. */
  readonly username: string;
  readonly password: string;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** The account of the station on which the password counts for one start, and signs nobody in. */
  readonly station?: string;
}

/**
 * Wrong passwords in 15 minutes before the next one has to wait: per name from one address, per
 * address, and per name from everywhere. The last is wide, so that nobody locks another person out
 * with a handful of guesses: one address alone never gets there.
 */
function bucketsOf({ username, address }: SignInAttempt): { own: Bucket; shared: Bucket[] } {
  const name = username.slice(0, 200);
  const from = networkOf(address);
  return {
    own: { name: `pair:${from}:${name}`, allowed: 8 },
    shared: [
      { name: `address:${from}`, allowed: 40 },
      { name: `name:${name}`, allowed: 200 },
    ],
  };
}

export function tooMany(seconds: number): ProblemError {
  return new ProblemError(
    429,
    "too_many_attempts",
    `Too many attempts to sign in. Try again in ${seconds} s.`,
    { headers: { "retry-after": String(seconds) } },
  );
}

/** Why an attempt was refused, for the audit trail. The answer tells less. */
type Fault = "unknown_name" | "wrong_password" | "disabled" | "too_many_attempts" | "busy";

interface Checked {
  readonly accountId?: string | undefined;
  readonly fault?: Fault;
}

/**
 * Finds the account for a name and a password. Nobody, no password, disabled and wrong all take the
 * same time and end alike, so that the answer tells nothing about who exists.
 */
async function checkPassword(deps: Deps, attempt: SignInAttempt): Promise<Checked> {
  const account = await findAccount(deps.db, attempt.username);
  const right = await deps.passwords.verify(attempt.password, account?.passwordHash ?? null);
  const accountId = account?.id;
  if (right === "busy") return { accountId, fault: "busy" };
  if (!account) return { fault: "unknown_name" };
  if (!right) return { accountId, fault: "wrong_password" };
  return account.disabled ? { accountId, fault: "disabled" } : { accountId };
}

function auditOf({ username, address, requestId }: SignInAttempt) {
  // What people type where their name belongs may be their password: only what could be one is kept.
  const actorName = usernameSchema.safeParse(username).success ? username : null;
  return { actorName, action: "sign_in", subjectKind: "user", address, requestId };
}

async function refuse(
  deps: Deps,
  attempt: SignInAttempt,
  { accountId, fault }: Checked,
  answer: ProblemError,
): Promise<never> {
  const entry = {
    ...auditOf(attempt),
    subjectId: accountId,
    detail: { reason: fault, ...(attempt.station ? { station: attempt.station } : {}) },
  };
  const { own, shared } = bucketsOf(attempt);
  if (fault === "too_many_attempts") await writeLimited(deps.db, [own, ...shared], entry);
  else await writeAudit(deps.db, { ...entry, outcome: "refused" });
  deps.metrics.signIn(answer.status === 429 ? "limited" : "refused");
  throw answer;
}

/** What the attempt was for, its row in the audit trail, and what it makes up for stand or fall together. */
async function admit(
  deps: Deps,
  attempt: SignInAttempt,
  userId: string,
  enter: (tx: Queryable) => Promise<PersonRow | undefined>,
): Promise<PersonRow | undefined> {
  const { own, shared } = bucketsOf(attempt);
  return deps.db.transaction(async (tx) => {
    const person = await enter(tx);
    if (!person) return undefined;
    await forgiveAttempts(tx, own, shared);
    const audited = { actorId: userId, subjectId: userId, outcome: "allowed" } as const;
    const detail = attempt.station ? { detail: { station: attempt.station } } : {};
    await writeAudit(tx, { ...auditOf(attempt), ...audited, ...detail });
    return person;
  });
}

/**
 * One attempt, which leaves one row in the audit trail, whatever it comes to, or is counted on one.
 *
 * @param enter what the right password is for; gives nobody where they are disabled
 * @throws ProblemError 401 alike for a wrong name, a wrong password and a disabled person; 429
 */
async function prove(
  deps: Deps,
  attempt: SignInAttempt,
  enter: (tx: Queryable, userId: string) => Promise<PersonRow | undefined>,
): Promise<PersonRow> {
  const { own, shared } = bucketsOf(attempt);
  const waitSeconds = await countAttempt(deps.db, [own, ...shared]);
  if (waitSeconds > 0) {
    const accountId = (await findAccount(deps.db, attempt.username))?.id;
    const limited = { accountId, fault: "too_many_attempts" } as const;
    return refuse(deps, attempt, limited, tooMany(waitSeconds));
  }
  const checked = await checkPassword(deps, attempt);
  if (checked.fault === "busy") {
    await uncountAttempt(deps.db, [own, ...shared]);
    return refuse(deps, attempt, checked, tooMany(2));
  }
  const { accountId, fault } = checked;
  const person =
    accountId && !fault && (await admit(deps, attempt, accountId, (tx) => enter(tx, accountId)));
  if (person) {
    deps.metrics.signIn("allowed");
    return person;
  }
  const wrong = "The user name or the password is wrong.";
  return refuse(
    deps,
    attempt,
    // Disabled while the password was looked at.
    { accountId, fault: fault ?? "disabled" },
    new ProblemError(401, "wrong_credentials", wrong),
  );
}

/** @returns the person, and the cookie's value @throws ProblemError 401, 429 */
export async function attemptSignIn(
  deps: Deps,
  attempt: SignInAttempt,
): Promise<{ person: PersonRow; token: string }> {
  const token = newSignInToken();
  const tokenHash = await hashToken(token);
  const { address, userAgent } = attempt;
  const person = await prove(deps, attempt, (tx, userId) =>
    insertSignIn(tx, { userId, tokenHash, lifeSeconds: signInLifeSeconds, address, userAgent }),
  );
  return { person, token };
}

/** Whose name and password these are: nobody is signed in by it. @throws ProblemError 401, 429 */
export function provePerson(
  deps: Deps,
  attempt: SignInAttempt & { readonly station: string },
): Promise<PersonRow> {
  return prove(deps, attempt, findPerson);
}
