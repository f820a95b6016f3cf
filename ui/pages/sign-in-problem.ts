import { t } from "../messages/messages.ts";

const problems = [
  "attempt_over",
  "provider_unreachable",
  "provider_refused",
  "provider_invalid",
  "username_taken",
  "username_unusable",
  "disabled",
] as const;

/** Why a provider's sign-in came to nothing, as the gateway's redirect says; null for anything else. */
export function problemText(code: string | undefined): string | null {
  const known = problems.find((it) => it === code);
  return known ? t(`signIn.problem.${known}`) : null;
}
