import type { CallerRole } from "../../gateway/schemas.ts";
import { paths } from "../paths.ts";

// As the gateway's policy has it; a test compares them.
const working: ReadonlySet<CallerRole> = new Set(["user", "staff", "admin", "station"]);

/** Whether desktops are for someone with these roles: the server refuses the others all about them. */
export function worksInDesktops(roles: readonly CallerRole[]): boolean {
  return roles.some((role) => working.has(role));
}

/** The page on which someone with these roles begins. */
export function homeOf(roles: readonly CallerRole[]): string {
  return worksInDesktops(roles) ? paths.desktops() : paths.account();
}

/** Where the administration begins for someone with these roles; null where they have no part in it. */
export function homeOfAdmin(roles: readonly CallerRole[]): string | null {
  if (roles.includes("admin")) return paths.adminNodes();
  return roles.includes("staff") ? paths.adminExperiments() : null;
}
