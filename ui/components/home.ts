import type { Role } from "../../gateway/schemas.ts";
import { paths } from "../paths.ts";

// As the gateway's policy has it; a test compares them.
const working: ReadonlySet<Role> = new Set(["user", "staff", "admin"]);

/** Whether desktops are for someone with these roles: the server refuses the others all about them. */
export function worksInDesktops(roles: readonly Role[]): boolean {
  return roles.some((role) => working.has(role));
}

/** The page on which someone with these roles begins. */
export function homeOf(roles: readonly Role[]): string {
  return worksInDesktops(roles) ? paths.desktops() : paths.account();
}

/** Where the administration begins for someone with these roles; null where they have no part in it. */
export function homeOfAdmin(roles: readonly Role[]): string | null {
  if (roles.includes("admin")) return paths.adminNodes();
  return roles.includes("staff") ? paths.adminExperiments() : null;
}
