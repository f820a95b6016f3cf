/** Where a browser goes on to when it has signed out here: the sign-out of the provider that it came through. */
import type { Queryable } from "../db/client.ts";
import { loggable } from "../db/errors.ts";
import { findProviderSession, type ProviderSession } from "../db/provider-logout.ts";
import type { Deps } from "./deps.ts";
import { idTokenPurpose } from "./oidc-admit.ts";
import { OidcError } from "./oidc-fault.ts";
import { endSessionUrl } from "./oidc.ts";
import { providerSecretOf } from "./provider-secret.ts";
import { unseal } from "./sealing.ts";

export interface Leaving extends ProviderSession {
  readonly signInId: string;
}

/** To be asked before the sign-in ends: with it goes what is known of the provider's session. */
export async function findLeaving(db: Queryable, signInId: string): Promise<Leaving | undefined> {
  const found = await findProviderSession(db, signInId);
  return found && { ...found, signInId };
}

/** Whoever signs out waits so long for a provider that is not known yet. What it is asked goes on unheard. */
const waitMs = 2_000;

async function soon<T>(asked: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    const late = () =>
      reject(new OidcError("provider_unreachable", "too slow", { why: "too_slow" }));
    timer = setTimeout(late, waitMs);
  });
  try {
    return await Promise.race([asked, over]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Signing out here is done by then.
 * @returns null where there is nowhere to go on to, or the provider does not say so soon
 */
export async function continueAt(
  deps: Deps,
  { provider, sealedIdToken, signInId }: Leaving,
  origin: string,
): Promise<string | null> {
  try {
    const idToken =
      sealedIdToken && (await unseal(deps.sealingKey, idTokenPurpose(signInId), sealedIdToken));
    const secret = await providerSecretOf(deps, provider);
    const returnTo = `${origin}/sign-in`;
    const end = { idToken, returnTo, state: "signed_out" };
    return await soon(endSessionUrl(provider, secret, end));
  } catch (error) {
    // Whatever it is, signing out here is done: a lost sealing key, too.
    const { code, why } =
      error instanceof OidcError ? error : { code: "unreadable", why: undefined };
    deps.log.warn(
      { provider: provider.slug, fault: code, why, err: loggable((error as Error).cause ?? error) },
      "signing out here could not lead to the provider",
    );
    return null;
  }
}
