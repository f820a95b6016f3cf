/** What a provider says of itself, and the keys that it signs with: kept for a while, fetched by one at a time. */
import type { JSONWebKeySet } from "jose";
import * as client from "openid-client";
import type { Provider } from "../db/providers.ts";
import { faultOf, OidcError } from "./oidc-fault.ts";
import { createRemembered, type Kept, type Wanted } from "./remembered.ts";

/** Seconds until a provider that does not answer is given up. */
const timeoutSeconds = 8;
/** Two clocks may differ by so much, in seconds. */
export const toleranceSeconds = 30;
const options = {
  lifeMs: 10 * 60 * 1000,
  // Strangers can ask for a sign-in: one that does not answer is not asked by each of them.
  faultLifeMs: 3_000,
  limitMs: (timeoutSeconds + 1) * 1000,
  faultOf: (error: unknown) => {
    const { code, message, why } = faultOf(error);
    return new OidcError(code, message, why === undefined ? {} : { why });
  },
};
const discovered = createRemembered<client.Configuration>(options);
const keySets = createRemembered<JSONWebKeySet>(options);

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

/** @throws OidcError */
export async function configOf(
  provider: Provider,
  secret: string | null,
): Promise<client.Configuration> {
  const key = JSON.stringify([provider.id, provider.issuer, provider.clientId, secret]);
  try {
    return (await discovered(key, () => discover(provider, secret))).value;
  } catch (error) {
    throw faultOf(error);
  }
}

async function fetchKeys(uri: URL): Promise<JSONWebKeySet> {
  const answer = await fetch(uri, {
    headers: { accept: "application/json, application/jwk-set+json" },
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutSeconds * 1000),
  });
  if (answer.status === 200) return (await answer.json()) as JSONWebKeySet;
  await answer.body?.cancel();
  throw new OidcError("provider_unreachable", `its keys: ${answer.status}`);
}

/** The keys that a provider signs with. @throws OidcError */
export async function keysOf(
  config: client.Configuration,
  wanted?: Wanted,
): Promise<Kept<JSONWebKeySet>> {
  const { jwks_uri: address = "", issuer } = config.serverMetadata();
  const uri = URL.canParse(address) ? new URL(address) : undefined;
  // Who could change them on their way could sign anything.
  if (uri?.protocol !== "https:" && !issuer.startsWith("http:"))
    throw new OidcError("provider_invalid", "no address of keys", { why: "keys_missing" });
  if (!uri) throw new OidcError("provider_invalid", "no keys", { why: "keys_missing" });
  try {
    return await keySets(uri.href, () => fetchKeys(uri), wanted);
  } catch (error) {
    throw faultOf(error);
  }
}
