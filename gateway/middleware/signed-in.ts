import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { findSignIn } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { ProblemError } from "../problem.ts";
import type { Role } from "../schemas.ts";

export const signInLifeSeconds = 7 * 24 * 3600;

const overHttps = (c: Context<AppEnv>) => c.get("peer").origin.startsWith("https:");
const cookieName = (c: Context<AppEnv>) => (overHttps(c) ? "__Host-asci_session" : "asci_session");

/** 32 random bytes, as the cookie carries them. Only their hash is stored. */
export function newSignInToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

export async function hashToken(token: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
}

export function setSignInCookie(c: Context<AppEnv>, token: string, lifeSeconds: number): void {
  setCookie(c, cookieName(c), token, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: overHttps(c),
    maxAge: lifeSeconds,
  });
}

/** Finds who is signed in, once per request, without asking that anyone is. */
export function readSignIn(deps: Deps) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const token = getCookie(c, cookieName(c));
    const found =
      token && /^[\w-]{43}$/.test(token)
        ? await findSignIn(deps.db, await hashToken(token))
        : undefined;
    c.set("signIn", found ? { id: found.signInId, person: found.person } : undefined);
    await next();
  });
}

export function signedIn(c: Context<AppEnv>) {
  const signIn = c.get("signIn");
  if (!signIn)
    throw new ProblemError(
      401,
      "signed_out",
      "You are not signed in, or your sign-in has ended. Sign in again.",
    );
  return signIn;
}

/** Who asked, for the audit trail. */
export function auditedCaller(c: Context<AppEnv>) {
  const { person } = signedIn(c);
  return {
    actorId: person.id,
    actorName: person.username,
    address: c.get("peer").address,
    requestId: c.get("requestId"),
  };
}

/** Lets nobody past who is not signed in. */
export const requireSignIn = createMiddleware<AppEnv>(async (c, next) => {
  signedIn(c);
  await next();
});

/** Lets past who has one of the roles. */
export function requireRole(...roles: Role[]) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const { person } = signedIn(c);
    if (!roles.some((role) => person.roles.includes(role)))
      throw new ProblemError(403, "role_missing", `This needs the role ${roles.join(" or ")}.`);
    await next();
  });
}
