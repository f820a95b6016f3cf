/** What providers have signed: ID tokens, and logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2). */
import {
  createLocalJWKSet,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from "jose";
import type { Configuration } from "openid-client";
import { keysOf, toleranceSeconds } from "./oidc-discovery.ts";
import { faultOf, OidcError } from "./oidc-fault.ts";
import type { Wanted } from "./remembered.ts";

/** Signed with a key of which the public half is published: whoever checks cannot sign. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].concat([
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
]);
/** A stranger's token makes a gateway look for new keys no more often than this. */
const keysAgeMs = 10_000;
/** A logout token is followed for so long after it was made. */
const logoutLifeSeconds = 300;
/** Until when its number is kept, so that it is followed once. */
export const logoutTokenKeptSeconds = 2 * (logoutLifeSeconds + toleranceSeconds);

const isForeignKey = (error: unknown) =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWSSignatureVerificationFailed;

/** With the keys that are known, and where none of them fits, once more with those of now. */
async function verify(
  config: Configuration,
  token: string,
  options: JWTVerifyOptions,
  anew: (version: number) => Wanted,
): Promise<JWTVerifyResult> {
  const all = { ...options, algorithms, clockTolerance: toleranceSeconds };
  const known = await keysOf(config);
  try {
    try {
      return await jwtVerify(token, createLocalJWKSet(known.value), all);
    } catch (error) {
      if (!isForeignKey(error)) throw error;
      const now = await keysOf(config, anew(known.version));
      if (now.version === known.version) throw error;
      return await jwtVerify(token, createLocalJWKSet(now.value), all);
    }
  } catch (error) {
    throw faultOf(error);
  }
}

/**
 * Who signed an ID token, and when: what else it says was checked by the client library, which trusts the
 * connection and looks at neither. It came from the provider itself, so it may make us look for new keys.
 *
 * @throws OidcError
 */
export async function checkIdToken(config: Configuration, token: string): Promise<void> {
  const { payload } = await verify(config, token, {}, (version) => ({ newerThan: version }));
  if ((payload.iat ?? 0) > Date.now() / 1000 + toleranceSeconds)
    throw new OidcError("provider_invalid", "issued in the future", { why: "token_early" });
}

export interface LogoutToken {
  readonly jti: string;
  readonly subject: string | null;
  readonly sid: string | null;
}

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout";
const invalid = (why: string) => new OidcError("provider_invalid", "not a logout token", { why });
const textOf = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : null;

function readLogoutToken({ jti, sub, events, sid, ...rest }: JWTPayload): LogoutToken {
  if (!textOf(jti) || jti === undefined) throw invalid("claim_jti");
  const event = typeof events === "object" && events !== null && Reflect.get(events, logoutEvent);
  if (typeof event !== "object" || event === null) throw invalid("claim_events");
  // Else an ID token could be taken for one.
  if ("nonce" in rest) throw invalid("claim_nonce");
  const whose = { subject: textOf(sub), sid: textOf(sid) };
  if (whose.subject === null && whose.sid === null) throw invalid("claim_sub");
  return { jti, ...whose };
}

/** @throws OidcError */
export async function checkLogoutToken(
  config: Configuration,
  clientId: string,
  token: string,
): Promise<LogoutToken> {
  const { issuer } = config.serverMetadata();
  const { payload, protectedHeader } = await verify(
    config,
    token,
    { issuer, audience: clientId, maxTokenAge: logoutLifeSeconds },
    () => ({ maxAgeMs: keysAgeMs }),
  );
  if (!["logout+jwt", "jwt"].includes(protectedHeader.typ?.toLowerCase() ?? "jwt"))
    throw invalid("typ");
  return readLogoutToken(payload);
}
