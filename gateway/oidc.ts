/**
 * Signing in through an OpenID Connect provider: authorization code with PKCE (RFC 7636), discovery, a
 * nonce, and a state that one browser can use once.
 */
import * as client from "openid-client";
import type { Provider } from "../db/providers.ts";
import { configOf } from "./oidc-discovery.ts";
import { faultOf, OidcError } from "./oidc-fault.ts";
import { checkIdToken, checkLogoutToken, type LogoutToken } from "./oidc-tokens.ts";

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

export interface Finished {
  readonly claims: Claims;
  /** As it was signed: shown to the provider again at the sign-out. */
  readonly idToken: string;
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
): Promise<Finished> {
  const config = await configOf(provider, secret);
  try {
    const tokens = await client.authorizationCodeGrant(config, it.currentUrl, {
      expectedState: it.state,
      expectedNonce: it.nonce,
      pkceCodeVerifier: it.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    const idToken = tokens.id_token;
    if (!claims || !idToken) throw new OidcError("provider_invalid", "no ID token");
    await checkIdToken(config, idToken);
    const more = config.serverMetadata().userinfo_endpoint
      ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
      : {};
    return { claims: { ...claims, ...more, sub: claims.sub }, idToken };
  } catch (error) {
    throw faultOf(error);
  }
}

/**
 * Where the browser goes to sign out at the provider too (OpenID Connect RP-Initiated Logout 1.0,
 * section 2), and comes back from.
 *
 * @returns null where the provider has no such place
 * @throws OidcError
 */
export async function endSessionUrl(
  provider: Provider,
  secret: string | null,
  it: { readonly idToken: string | null; readonly returnTo: string; readonly state: string },
): Promise<string | null> {
  const config = await configOf(provider, secret);
  if (!config.serverMetadata().end_session_endpoint) return null;
  try {
    const url = client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: it.returnTo,
      state: it.state,
      ...(it.idToken === null ? {} : { id_token_hint: it.idToken }),
    });
    return url.href;
  } catch (error) {
    throw faultOf(error);
  }
}

/** What a provider tells of a person who signed out there. @throws OidcError */
export async function readLogout(
  provider: Provider,
  secret: string | null,
  token: string,
): Promise<LogoutToken> {
  return checkLogoutToken(await configOf(provider, secret), provider.clientId, token);
}
