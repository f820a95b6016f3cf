import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import type { AppEnv } from "../deps.ts";
import { ProblemError } from "../problem.ts";

export const signInLifeSeconds = 7 * 24 * 3600;
/** As long as browsers keep a cookie (RFC 6265bis, section 5.5). */
export const stationLifeSeconds = 400 * 24 * 3600;

const overHttps = (c: Context<AppEnv>) => c.get("peer").origin.startsWith("https:");
export const cookieName = (c: Context<AppEnv>) =>
  overHttps(c) ? "__Host-asci_session" : "asci_session";

/** 32 random bytes, as the cookie carries them, and a token behind its prefix. Only their hash is stored. */
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

/** `Authorization: Bearer TOKEN` (RFC 6750, section 2.1): what follows it; undefined where there is no such header. */
export function tokenOf(c: Context<AppEnv>): string | undefined {
  const header = c.req.header("authorization");
  // Some runtimes tell of an empty header, some do not.
  if (!header) return undefined;
  return /^Bearer +(asci_[\w-]{43}) *$/i.exec(header)?.[1] ?? "";
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
  const { id: signInId, person } = signedIn(c);
  return {
    signInId,
    actorId: person.id,
    actorName: person.username,
    address: c.get("peer").address,
    requestId: c.get("requestId"),
  };
}
