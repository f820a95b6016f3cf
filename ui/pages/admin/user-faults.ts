import { ApiError } from "../../api/errors.ts";
import { t } from "../../messages/messages.ts";

export type UserField = "username" | "displayName" | "email" | "password" | "roles";
export type UserFaults = Readonly<Partial<Record<UserField, string>>>;

/**
 * What was wrong with a person's fields, in the reader's words and each at its place. Empty where
 * the error is about something else.
 */
export function userFaults(error: unknown): UserFaults {
  const problem = error instanceof ApiError ? error.problem : null;
  switch (problem?.code) {
    case "username_taken":
      return { username: t("users.usernameTaken") };
    case "email_taken":
      return { email: t("users.emailTaken") };
    case "last_admin":
      return { roles: t("users.lastAdmin") };
  }
  const faults: Partial<Record<UserField, string>> = {};
  for (const { path } of problem?.errors ?? []) {
    const field = fieldOf(path);
    if (field !== null) faults[field] = words(field);
  }
  return faults;
}

/** The path may lead further in: `roles.0`. */
function fieldOf(path: string): UserField | null {
  const [first] = path.split(".");
  switch (first) {
    case "username":
    case "displayName":
    case "email":
    case "password":
    case "roles":
      return first;
    default:
      return null;
  }
}

function words(field: UserField): string {
  switch (field) {
    case "username":
      return t("users.usernameWrong");
    case "displayName":
      return t("users.nameWrong");
    case "email":
      return t("users.emailWrong");
    case "password":
      return t("users.passwordWrong");
    case "roles":
      return t("users.rolesWrong");
  }
}
