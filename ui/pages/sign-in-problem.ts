import { t } from "../messages/messages.ts";

const problems = [
  "attempt_over",
  "too_many_begun",
  "provider_unreachable",
  "provider_refused",
  "provider_invalid",
  "username_taken",
  "username_unusable",
  "disabled",
] as const;

/** Why a provider's sign-in came to nothing, as the gateway's redirect says; null for anything else. */
export function problemText(code: string | undefined, wait: string | undefined): string | null {
  const known = problems.find((it) => it === code);
  if (known !== "too_many_begun") return known ? t(`signIn.problem.${known}`) : null;
  const seconds = /^\d{1,4}$/.test(wait ?? "") ? Number(wait) : 60;
  return t("signIn.problem.too_many_begun", { minutes: Math.ceil(seconds / 60) });
}
