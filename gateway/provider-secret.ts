import type { Provider } from "../db/providers.ts";
import type { Deps } from "./deps.ts";
import { unseal } from "./sealing.ts";

/** What this site shows to a provider; null for a public client. */
export function providerSecretOf(
  deps: Pick<Deps, "sealingKey">,
  { id, sealedSecret }: Provider,
): Promise<string | null> {
  return sealedSecret === null
    ? Promise.resolve(null)
    : unseal(deps.sealingKey, `provider ${id}`, sealedSecret);
}
