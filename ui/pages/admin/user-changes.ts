import type { AdminUser } from "../../../gateway/admin-schemas.ts";
import type { Role } from "../../../gateway/schemas.ts";

interface Entries {
  readonly displayName: string;
  readonly email: string;
  readonly password: string;
  readonly roles: readonly Role[];
}

export interface UserChanges {
  displayName?: string;
  email?: string | null;
  password?: string;
  roles?: Role[];
}

/** What differs between a person and what was typed. An empty password means: leave it. */
export function changesOf(user: AdminUser, entries: Entries): UserChanges {
  const email = entries.email === "" ? null : entries.email;
  const sameRoles =
    entries.roles.length === user.roles.length &&
    entries.roles.every((role) => user.roles.includes(role));
  return {
    ...(entries.displayName === user.displayName ? {} : { displayName: entries.displayName }),
    ...(email === user.email ? {} : { email }),
    ...(entries.password === "" ? {} : { password: entries.password }),
    ...(sameRoles ? {} : { roles: [...entries.roles] }),
  };
}
