import type { CallerRole, Scope } from "../../../gateway/schemas.ts";

// As the gateway's policy has it, in the order in which they are offered; a test compares them.
const roles: Readonly<Record<Scope, readonly CallerRole[]>> = {
  read: ["user", "staff", "admin"],
  desktops: ["user", "staff", "admin"],
  sync: ["staff", "admin"],
  admin: ["staff", "admin"],
  monitor: ["monitor", "admin"],
};

/** The scopes that are of use to someone with these roles: the server refuses a token with others. */
export function scopesFor(own: readonly CallerRole[]): Scope[] {
  const all = Object.keys(roles) as Scope[];
  return all.filter((scope) => roles[scope].some((role) => own.includes(role)));
}

export const lifetimes = [7, 30, 90, 366] as const;
export const usualLifetime = 90;

const dayMs = 24 * 3_600_000;
/** The server takes no day more than the longest, and its clock is known to the second only. */
const marginMs = 60_000;

/** When a token of so many days ends, in ms since 1970. */
export function endOf(days: number, nowMs: number): number {
  return nowMs + days * dayMs - marginMs;
}
