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

/** Whether someone with these roles may look after beamlines. */
export function looksAfterBeamlines(roles: readonly CallerRole[]): boolean {
  return roles.includes("staff") || roles.includes("admin");
}
