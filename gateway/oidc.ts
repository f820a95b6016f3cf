/**
 * Signing in through an OpenID Connect provider: authorization code with PKCE (RFC 7636), discovery, a
 * nonce, and a state that one browser can use once.
 */
import * as client from "openid-client";
import type { Provider } from "../db/providers.ts";

/** What a provider told of a person. */
export interface Claims {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export interface Begun {
  /** Where the browser goes. */
  readonly url: URL;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Why a sign-in came to nothing. */
export type OidcFault = "provider_unreachable" | "provider_refused" | "provider_invalid";

export class OidcError extends Error {
  readonly code: OidcFault;
  constructor(code: OidcFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "OidcError";
    this.code = code;
  }
}

/** Seconds until a provider that does not answer is given up. */
const timeoutSeconds = 8;
/** Two clocks may differ by so much, in seconds. */
const toleranceSeconds = 30;
/** Discovered once in so long, per process: keys are rotated more slowly, and looked up anew by the library. */
const discoveryLifeMs = 10 * 60 * 1000;

/** Values and never promises: on a Worker what another request waits for may never come. */
const discovered = new Map<string, { at: number; config: client.Configuration }>();

function discover(provider: Provider, secret: string | null): Promise<client.Configuration> {
  const issuer = new URL(provider.issuer);
  const metadata = { [client.clockTolerance]: toleranceSeconds };
  const how = secret === null ? client.None() : client.ClientSecretBasic(secret);
  // A provider on the same machine, as in tests and demonstrations, has no certificate.
  const local = ["127.0.0.1", "[::1]", "localhost"].includes(issuer.hostname);
  const execute = local ? [client.allowInsecureRequests] : [];
  return client.discovery(issuer, provider.clientId, metadata, how, {
    timeout: timeoutSeconds,
    execute,
  });
}

async function configOf(provider: Provider, secret: string | null): Promise<client.Configuration> {
  const key = JSON.stringify([provider.id, provider.issuer, provider.clientId, secret]);
  const kept = discovered.get(key);
  if (kept && Date.now() - kept.at < discoveryLifeMs) return kept.config;
  try {
    const config = await discover(provider, secret);
    discovered.set(key, { at: Date.now(), config });
    return config;
  } catch (error) {
    throw faultOf(error);
  }
}

/** Only what kind of fault: what a provider says may hold anything. */
function faultOf(error: unknown): OidcError {
  if (error instanceof client.AuthorizationResponseError)
    return new OidcError("provider_refused", error.error, { cause: error });
  if (error instanceof client.ResponseBodyError)
    return new OidcError("provider_refused", error.error, { cause: error });
  if (!(error instanceof client.ClientError) || isOutage(error))
    return new OidcError("provider_unreachable", "no answer", { cause: error });
  return new OidcError("provider_invalid", error.code ?? "invalid", { cause: error });
}

/** Nobody answered, or something in front of the provider did in its place. */
function isOutage({ code, cause }: client.ClientError): boolean {
  const answered = cause instanceof Response ? cause.status : 0;
  return code === undefined || code === "OAUTH_TIMEOUT" || answered >= 500;
}

/** @throws OidcError */
export async function begin(
  provider: Provider,
  secret: string | null,
  redirectUri: string,
): Promise<Begun> {
  const config = await configOf(provider, secret);
  const [state, nonce, verifier] = [
    client.randomState(),
    client.randomNonce(),
    client.randomPKCECodeVerifier(),
  ];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: provider.scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  return { url, state, nonce, verifier };
}

/** Turns the provider's answer into what it tells of the person. @throws OidcError */
export async function finish(
  provider: Provider,
  secret: string | null,
  it: {
    readonly currentUrl: URL;
    readonly state: string;
    readonly nonce: string;
    readonly verifier: string;
  },
): Promise<Claims> {
  const config = await configOf(provider, secret);
  try {
    const tokens = await client.authorizationCodeGrant(config, it.currentUrl, {
      expectedState: it.state,
      expectedNonce: it.nonce,
      pkceCodeVerifier: it.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (!claims) throw new OidcError("provider_invalid", "no ID token");
    const more = config.serverMetadata().userinfo_endpoint
      ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
      : {};
    return { ...claims, ...more, sub: claims.sub };
  } catch (error) {
    throw error instanceof OidcError ? error : faultOf(error);
  }
}
