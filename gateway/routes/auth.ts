import { Hono, type Context } from "hono";
import { z } from "zod";
import { writeAudit, type AuditEntry } from "../../db/audit.ts";
import { revokeSignIn, revokeSignIns } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { findCaller, isAtStation } from "../middleware/guard.ts";
import {
  auditedCaller,
  setSignInCookie,
  signedIn,
  signInLifeSeconds,
  tokenOf,
} from "../middleware/signed-in.ts";
import { ProblemError } from "../problem.ts";
import { continueAt, findLeaving, type Leaving } from "../provider-logout.ts";
import { loginBody, meSchema, signedOutSchema, type Me } from "../schemas.ts";
import { attemptSignIn } from "../sign-in.ts";
import { jsonBody } from "../validation.ts";

/** What a person does to their own sign-ins. */
const auditOf = (c: Context<AppEnv>, action: string): AuditEntry => ({
  ...auditedCaller(c),
  action,
  outcome: "allowed",
  subjectKind: "user",
  subjectId: signedIn(c).person.id,
});

/** Signed out here: nothing more to do, or on to the provider's sign-out. */
async function left(deps: Deps, c: Context<AppEnv>, leaving: Leaving | undefined) {
  setSignInCookie(c, "", 0);
  const next = leaving && (await continueAt(deps, leaving, c.get("peer").origin));
  return next ? c.json({ continueAt: next }, 200) : c.body(null, 204);
}

const goesOn = {
  status: 200,
  body: signedOutSchema,
  also: { 204: "Signed out, and nowhere to go on to" },
} as const;

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
        refusals: [400, 401, 403, 409, 413, 429],
      }),
      jsonBody(loginBody),
      async (c) => {
        const { username, password } = c.req.valid("json");
        if (await isAtStation(deps, c))
          throw new ProblemError(
            409,
            "at_a_station",
            "This browser is a station, which everybody shares. Start with your own home there, or sign in on another computer.",
          );
        // Names are lower case; a phone's keyboard begins with a capital.
        const { person, token } = await attemptSignIn(deps, {
          username: username.trim().toLowerCase(),
          password,
          address: c.get("peer").address,
          userAgent: c.req.header("user-agent")?.slice(0, 300) ?? null,
          requestId: c.get("requestId"),
        });
        setSignInCookie(c, token, signInLifeSeconds);
        return c.json({ user: person as Me }, 200);
      },
    )
    .post(
      "/auth/logout",
      describe({
        tag: "Sign-in",
        summary: "Sign out; the cookie's value is dead at once",
        description: "Who came through a provider with a sign-out of its own goes on there.",
        ...goesOn,
        refusals: [403],
      }),
      async (c) => {
        if (tokenOf(c) !== undefined)
          throw new ProblemError(
            403,
            "token_not_allowed",
            "A token is not signed out but revoked, on the account page.",
          );
        const signIn = await findCaller(deps, c);
        c.set("signIn", signIn);
        const leaving =
          signIn &&
          (await deps.db.transaction(async (tx) => {
            const found = await findLeaving(tx, signIn.id);
            if (await revokeSignIn(tx, signIn.id)) await writeAudit(tx, auditOf(c, "sign_out"));
            return found;
          }));
        return left(deps, c, leaving);
      },
    )
    .post(
      "/auth/logout/everywhere",
      describe({
        tag: "Sign-in",
        summary: "Sign out on every device, this one included",
        description:
          "Every cookie of the caller is dead at once, and their connections to desktops are closed within a second. The desktops run on. This browser goes on as with `/api/auth/logout`.",
        ...goesOn,
        refusals: [401, 403],
      }),
      async (c) => {
        const { person, id } = signedIn(c);
        const leaving = await deps.db.transaction(async (tx) => {
          const found = await findLeaving(tx, id);
          const signIns = await revokeSignIns(tx, person.id, "browser");
          await writeAudit(tx, { ...auditOf(c, "sign_out.everywhere"), detail: { signIns } });
          return found;
        });
        return left(deps, c, leaving);
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
      (c) => c.json(signedIn(c).person as Me, 200),
    );
}
