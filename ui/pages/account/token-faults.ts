import { ApiError } from "../../api/errors.ts";
import { t } from "../../messages/messages.ts";

export type TokenFaults = Readonly<Partial<Record<"name" | "scopes" | "expiresAt", string>>>;

/**
 * What was wrong with a token's fields, in the reader's words and each at its place. Empty where the
 * error is about something else.
 */
export function tokenFaults(error: unknown): TokenFaults {
  const problem = error instanceof ApiError ? error.problem : null;
  if (problem?.code === "role_missing") return { scopes: t("tokens.scopesRefused") };
  const words = {
    name: t("tokens.nameWrong"),
    scopes: t("tokens.scopesWrong"),
    expiresAt: t("tokens.expiryWrong"),
  };
  const found = new Set((problem?.errors ?? []).map(({ path }) => path.split(".")[0]));
  return Object.fromEntries(Object.entries(words).filter(([field]) => found.has(field)));
}
