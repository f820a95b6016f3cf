import type { Provider } from "../db/providers.ts";
import type { Deps } from "./deps.ts";
import { OidcError } from "./oidc-fault.ts";
import { unseal } from "./sealing.ts";

/**
 * What this site shows to a provider; null for a public client.
 * @throws OidcError where it was sealed with another key than this gateway has
 */
export async function providerSecretOf(
  deps: Pick<Deps, "sealingKey">,
  { id, sealedSecret }: Provider,
): Promise<string | null> {
  if (sealedSecret === null) return null;
  try {
    return await unseal(deps.sealingKey, `provider ${id}`, sealedSecret);
  } catch (cause) {
    throw new OidcError("provider_invalid", "the client secret cannot be read", {
      cause,
      why: "secret_unreadable",
    });
  }
}
