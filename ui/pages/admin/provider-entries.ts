import type { ClaimRule, Provider } from "../../api/admin-calls.ts";
import { t } from "../../messages/admin.ts";
import { faultsFrom, type Faults } from "./faults.ts";
import { textIn } from "./text-in.ts";

export type ProviderField =
  | "slug"
  | "name"
  | "issuer"
  | "clientId"
  | "clientSecret"
  | "scope"
  | "usernameClaim"
  | "rules";

export interface ProviderEntries {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  readonly usernameClaim: string;
  readonly vouches: boolean;
  readonly enabled: boolean;
  readonly logout: boolean;
  readonly rules: ClaimRule[];
}

/** What the form says, but for the slug and the secret, which are not shown again. */
export function providerIn(form: FormData, rules: readonly ClaimRule[]): ProviderEntries {
  return {
    name: textIn(form, "name"),
    issuer: textIn(form, "issuer"),
    clientId: textIn(form, "clientId"),
    scope: textIn(form, "scope"),
    usernameClaim: textIn(form, "usernameClaim"),
    vouches: form.has("vouches"),
    enabled: form.has("enabled"),
    logout: form.has("logout"),
    rules: rules.filter((it) => !isEmpty(it)).map((it) => trimmed(it)),
  };
}

/** What differs; `secret`: an empty one means that it stays. */
export function providerChanges(
  before: Provider,
  after: ProviderEntries,
  secret: string,
): Partial<ProviderEntries> & { clientSecret?: string } {
  const names = Object.keys(after) as (keyof ProviderEntries)[];
  const same = { ...before, rules: before.rules.map((it) => trimmed(it)) };
  const changed = names.filter((it) => JSON.stringify(after[it]) !== JSON.stringify(same[it]));
  return {
    ...Object.fromEntries(changed.map((it) => [it, after[it]])),
    ...(secret === "" ? {} : { clientSecret: secret }),
  };
}

export const emptyRule: ClaimRule = { claim: "", pattern: "", gives: "role", target: "staff" };

/** A line that somebody added and left alone is no rule. */
const isEmpty = (it: ClaimRule): boolean => it.claim.trim() === "" && it.pattern.trim() === "";

/** With its parts in one order, whatever the server's was: rules are compared as text. */
const trimmed = (it: ClaimRule): ClaimRule => ({
  claim: it.claim.trim(),
  pattern: it.pattern.trim(),
  gives: it.gives,
  target: it.target.trim(),
});

export function providerFaults(error: unknown): Faults<ProviderField> {
  const words = {
    slug: t("providers.slugWrong"),
    name: t("providers.nameWrong"),
    issuer: t("providers.issuerWrong"),
    clientId: t("providers.clientIdWrong"),
    clientSecret: t("providers.secretWrong"),
    scope: t("providers.scopeWrong"),
    usernameClaim: t("providers.usernameClaimWrong"),
    rules: rulesWords,
  };
  return faultsFrom(error, words, { slug_taken: { slug: t("providers.slugTaken") } });
}

/** Which rules, counted from one as they are shown. */
function rulesWords(faults: readonly { readonly inner: string }[]): string {
  const numbers = [...new Set(faults.map((it) => Number(it.inner.split(".")[0]) + 1))];
  const known = numbers.filter((it) => Number.isInteger(it));
  return t("providers.rulesWrong", { numbers: known.join(", ") });
}
