import { Hono } from "hono";
import { z } from "zod";
import { writeAudit } from "../../db/audit.ts";
import {
  blockedSeconds,
  clearAttempts,
  countAttempt,
  findAccount,
  insertSignIn,
  revokeSignIn,
} from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import {
  hashToken,
  newSignInToken,
  requireSignIn,
  setSignInCookie,
  signedIn,
  signInLifeSeconds,
} from "../middleware/signed-in.ts";
import { ProblemError } from "../problem.ts";
import { loginBody, meSchema, type Me } from "../schemas.ts";
import { jsonBody } from "../validation.ts";

/**
 * Wrong passwords in 15 minutes before the next one has to wait: per name from one address, per
 * address, and per name from everywhere. The last is wide, so that nobody locks another person out
 * with a handful of guesses.
 */
const allowed = { pair: 8, address: 40, name: 200 };

function bucketsOf(username: string, address: string | null): Record<keyof typeof allowed, string> {
  const name = username.slice(0, 200).toLowerCase();
  const from = address ?? "unknown";
  return { pair: `pair:${from}:${name}`, address: `address:${from}`, name: `name:${name}` };
}

/** Refuses while any of the buckets has to wait, else counts this attempt in each. */
async function admitAttempt(deps: Deps, buckets: ReturnType<typeof bucketsOf>): Promise<void> {
  const wait = await blockedSeconds(deps.db, Object.values(buckets));
  if (wait > 0) throw tooMany(wait);
  for (const name of ["pair", "address", "name"] as const)
    await countAttempt(deps.db, buckets[name], allowed[name]);
}

function tooMany(seconds: number): ProblemError {
  return new ProblemError(
    429,
    "too_many_attempts",
    `Too many attempts to sign in. Try again in ${seconds} s.`,
    { headers: { "retry-after": String(seconds) } },
  );
}

/**
 * Finds the account for a name and a password. Nobody, no password, disabled and wrong all take the
 * same time and end alike, so that the answer tells nothing about who exists.
 */
async function checkPassword(
  deps: Deps,
  username: string,
  password: string,
): Promise<string | undefined> {
  const account = await findAccount(deps.db, username);
  const right = await deps.passwords.verify(password, account?.passwordHash ?? null);
  if (right === "busy") throw tooMany(2);
  return account && right && !account.disabled ? account.id : undefined;
}

export function authRoutes(deps: Deps) {
  return new Hono<AppEnv>()
    .post(
      "/auth/login",
      describe({
        tag: "Sign-in",
        summary: "Sign in with a local account",
        description: "Sets the sign-in cookie. Needs a same-origin `Origin`.",
        status: 200,
        body: z.object({ user: meSchema }),
        refusals: [400, 401, 403, 413, 429],
      }),
      jsonBody(loginBody),
      async (c) => {
        const { username: typed, password } = c.req.valid("json");
        // Names are lower case; a phone's keyboard begins with a capital.
        const username = typed.trim().toLowerCase();
        const { address } = c.get("peer");
        const requestId = c.get("requestId");
        const buckets = bucketsOf(username, address);
        const audited = {
          actorName: username.slice(0, 200),
          action: "sign_in",
          address,
          requestId,
        };
        try {
          await admitAttempt(deps, buckets);
        } catch (error) {
          if (error instanceof ProblemError) deps.metrics.signIn("limited");
          throw error;
        }
        const userId = await checkPassword(deps, username, password);
        const token = newSignInToken();
        const person =
          userId &&
          (await insertSignIn(deps.db, {
            userId,
            tokenHash: await hashToken(token),
            lifeSeconds: signInLifeSeconds,
            address,
            userAgent: c.req.header("user-agent")?.slice(0, 300) ?? null,
          }));
        if (!person) {
          await writeAudit(deps.db, { ...audited, outcome: "refused" });
          deps.metrics.signIn("refused");
          throw new ProblemError(
            401,
            "wrong_credentials",
            "The user name or the password is wrong.",
          );
        }
        await clearAttempts(deps.db, Object.values(buckets));
        await writeAudit(deps.db, { ...audited, actorId: person.id, outcome: "allowed" });
        deps.metrics.signIn("allowed");
        setSignInCookie(c, token, signInLifeSeconds);
        return c.json({ user: person as Me }, 200);
      },
    )
    .post(
      "/auth/logout",
      describe({
        tag: "Sign-in",
        summary: "Sign out; the cookie's value is dead at once",
        status: 204,
        refusals: [403],
      }),
      async (c) => {
        const signIn = c.get("signIn");
        if (signIn) {
          await revokeSignIn(deps.db, signIn.id);
          await writeAudit(deps.db, {
            actorId: signIn.person.id,
            actorName: signIn.person.username,
            action: "sign_out",
            outcome: "allowed",
            address: c.get("peer").address,
            requestId: c.get("requestId"),
          });
        }
        setSignInCookie(c, "", 0);
        return c.body(null, 204);
      },
    )
    .get(
      "/me",
      describe({
        tag: "Sign-in",
        summary: "Who is signed in",
        status: 200,
        body: meSchema,
        refusals: [401],
      }),
      requireSignIn,
      (c) => c.json(signedIn(c).person as Me, 200),
    );
}
