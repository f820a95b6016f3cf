import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import { writeRefusal } from "../../db/audit.ts";
import { findSignIn, type FoundSignIn } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { mayCall, policyOf, type PolicyLine } from "../policy.ts";
import { ProblemError } from "../problem.ts";
import { auditedCaller, cookieName, hashToken, signedIn, tokenOf } from "./signed-in.ts";

/** The handler's template that a request comes to; undefined where nothing answers it. */
function routeOf(c: Context<AppEnv>): string | undefined {
  return matchedRoutes(c).findLast((it) => it.method !== "ALL")?.path;
}

function invalidToken(): ProblemError {
  return new ProblemError(
    401,
    "token_invalid",
    "This access token is unknown, has expired, or was revoked. Make a new one on your account page.",
    // RFC 6750, section 3.1.
    { headers: { "www-authenticate": 'Bearer error="invalid_token"' } },
  );
}

/** Who calls: by the token where the request has one, which then is all that counts, else by cookie. */
export async function findCaller(deps: Deps, c: Context<AppEnv>): Promise<FoundSignIn | undefined> {
  const token = tokenOf(c);
  if (token !== undefined) {
    const found =
      token === "" ? undefined : await findSignIn(deps.db, "token", await hashToken(token));
    if (!found) throw invalidToken();
    return found;
  }
  return findBrowser(deps, c);
}

/** Who is signed in with the request's cookie. */
export async function findBrowser(
  deps: Deps,
  c: Context<AppEnv>,
): Promise<FoundSignIn | undefined> {
  const cookie = getCookie(c, cookieName(c));
  if (!cookie || !/^[\w-]{43}$/.test(cookie)) return undefined;
  return findSignIn(deps.db, "browser", await hashToken(cookie));
}

/** Whether a sign-in would take a station its cookie. */
export async function isAtStation(deps: Deps, c: Context<AppEnv>): Promise<boolean> {
  return (await findBrowser(deps, c))?.person.roles.includes("station") === true;
}

function refusalOf(line: PolicyLine, { kind, scopes, person }: FoundSignIn) {
  if (!mayCall(line, person.roles))
    return new ProblemError(
      403,
      "role_missing",
      `This needs the role ${(line.who as readonly string[]).join(" or ")}.`,
    );
  if (kind === "browser" || line.scopes.some((it) => scopes.includes(it))) return undefined;
  if (line.scopes.length === 0)
    return new ProblemError(
      403,
      "token_not_allowed",
      "This cannot be done with an access token. Sign in with a browser.",
    );
  return new ProblemError(
    403,
    "scope_missing",
    `This needs a token with the scope ${line.scopes.join(" or ")}.`,
  );
}

/**
 * Lets past whom the policy lets past, and puts who it is into the context. What it refuses to someone
 * who is signed in is in the audit trail; what the policy does not know is a fault of ours.
 */
export function guard(deps: Deps) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const route = routeOf(c);
    if (route === undefined) return next();
    const line = policyOf(c.req.method, route);
    if (!line) throw new Error(`no policy for ${c.req.method} ${route}`);
    if (line.who === "anyone") return next();
    c.set("signIn", await findCaller(deps, c));
    const refusal = refusalOf(line, signedIn(c));
    if (!refusal) return next();
    await writeRefusal(deps.db, {
      ...auditedCaller(c),
      action: "access",
      outcome: "refused",
      subjectKind: "call",
      subjectId: `${c.req.method} ${route}`,
      detail: { reason: refusal.code },
    });
    throw refusal;
  });
}
