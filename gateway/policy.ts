/**
 * Who may call what: the one place where it is said. Every call of the gateway has a line here, and a
 * call without one is refused; `docs/policy.md` is made from it.
 */
import type { CallerRole, Scope } from "./schemas.ts";

/**
 * `anyone`: no sign-in is asked for, or even looked at. `ticket`: the one-time ticket is the
 * credential. Roles: signed in, with one of them.
 */
type Who = "anyone" | "ticket" | readonly CallerRole[];

export interface PolicyLine {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** As the router has it, with its parameters. */
  readonly path: string;
  readonly who: Who;
  /** Of a token one of these is asked; with none, no token will do: it takes a browser. */
  readonly scopes: readonly Scope[];
  /** What of it those reach who do not administer, in words. */
  readonly only?: string;
}

const everyone: readonly CallerRole[] = ["user", "staff", "admin", "monitor"];
/** Those who work in desktops. */
const people: readonly CallerRole[] = ["user", "staff", "admin"];
/** These, and the shared computers at beamlines, which do nothing else. */
const workers: readonly CallerRole[] = [...people, "station"];
const stations: readonly CallerRole[] = ["station"];
const admins: readonly CallerRole[] = ["admin"];
/** Those who look after beamlines, for these; and administrators. */
const staff: readonly CallerRole[] = ["staff", "admin"];

const anyScope: readonly Scope[] = ["read", "desktops", "sync", "admin", "monitor"];
const reading: readonly Scope[] = ["read", "desktops"];
const working: readonly Scope[] = ["desktops"];
const own = "their own";
const theirs = "of their beamlines";

const open = (path: string): PolicyLine => ({ method: "GET", path, who: "anyone", scopes: [] });
const line = (
  call: `${PolicyLine["method"]} ${string}`,
  who: Who,
  scopes: readonly Scope[],
  only?: string,
): PolicyLine => {
  const [method, path] = call.split(" ") as [PolicyLine["method"], string];
  return { method, path, who, scopes, ...(only ? { only } : {}) };
};

export const policy: readonly PolicyLine[] = [
  open("/healthz"),
  open("/readyz"),
  line("GET /metrics", ["monitor", "admin"], ["monitor"]),
  open("/.well-known/jwks.json"),
  open("/api/openapi.json"),
  open("/api/docs"),

  line("POST /api/auth/login", "anyone", []),
  open("/api/auth/providers"),
  open("/auth/oidc/:provider/start"),
  open("/auth/oidc/:provider/callback"),
  // What the provider has signed is the credential.
  line("POST /auth/oidc/:provider/backchannel-logout", "anyone", []),
  line("POST /api/auth/logout", "anyone", []),
  line("POST /api/auth/logout/everywhere", everyone, [], own),
  line("GET /api/me", [...everyone, "station"], anyScope),
  line("GET /api/sign-ins", everyone, [], own),
  line("DELETE /api/sign-ins/:id", everyone, [], own),
  line("GET /api/tokens", everyone, [], own),
  line("POST /api/tokens", everyone, [], own),
  line("DELETE /api/tokens/:id", everyone, [], own),

  line("GET /api/home", people, reading, own),
  line("GET /api/catalogue", people, reading, own),
  line("PUT /api/favourites/:environment", people, working, own),
  line("DELETE /api/favourites/:environment", people, working, own),
  line("GET /api/environments", workers, reading),
  line("GET /api/environments/:slug/availability", people, reading),
  line("GET /api/experiments", people, reading, own),
  line("GET /api/instances", workers, reading, own),
  line("POST /api/instances", workers, working),
  line("GET /api/instances/:id", workers, reading, own),
  line("POST /api/instances/:id/stop", workers, working, own),
  line("POST /api/instances/:id/restart", workers, working, own),
  line("POST /api/instances/:id/extend", workers, working, own),
  line("POST /api/instances/:id/tickets", workers, working, own),
  line("GET /api/instances/:id/audit", people, reading, own),
  line("GET /api/events", workers, reading, own),
  line("GET /vnc/:instanceId", "ticket", []),

  line("POST /api/stations/enrol", "anyone", []),
  line("GET /api/station", stations, []),
  line("POST /api/station/starts", stations, []),
  line("POST /api/station/approvals", stations, []),
  line("GET /api/station/approvals/:id", stations, []),
  line("DELETE /api/station/approvals/:id", stations, []),
  // Whoever has a token is not there to read what they agree to.
  line("POST /api/approvals/look", people, []),
  line("POST /api/approvals/confirm", people, []),
  line("POST /api/approvals/decline", people, []),

  line("GET /api/admin/users", admins, ["admin"]),
  // A token that could make an administrator would outlive its being revoked.
  line("POST /api/admin/users", admins, []),
  line("GET /api/admin/users/:id", admins, ["admin"]),
  line("PATCH /api/admin/users/:id", admins, ["admin"]),
  line("POST /api/admin/users/:id/logout", admins, ["admin"]),

  line("GET /api/admin/instances", staff, ["admin"], theirs),
  line("GET /api/admin/instances/:id", staff, ["admin"], theirs),
  line("POST /api/admin/instances/:id/stop", staff, ["admin"], theirs),
  line("GET /api/admin/environments", staff, ["admin"], theirs),
  line("GET /api/admin/environments/:id", staff, ["admin"], theirs),
  line("PATCH /api/admin/environments/:id", admins, ["admin"]),
  line("POST /api/admin/environments/:id/entitlements", staff, ["admin"], theirs),
  line("DELETE /api/admin/environments/:id/entitlements/:entitlementId", staff, ["admin"], theirs),
  line("GET /api/admin/may-start", staff, ["admin"]),
  line("GET /api/admin/beamlines", staff, ["admin"], theirs),
  line("POST /api/admin/beamlines", admins, ["admin"]),
  line("GET /api/admin/beamlines/:id", staff, ["admin"], theirs),
  line("PATCH /api/admin/beamlines/:id", admins, ["admin"]),
  line("DELETE /api/admin/beamlines/:id", admins, ["admin"]),
  line("GET /api/admin/beamlines/:id/stations", staff, ["admin"], theirs),
  // A code is a sign-in: whoever has a token could make one that outlives it.
  line("POST /api/admin/beamlines/:id/stations", staff, [], theirs),
  line("PATCH /api/admin/beamlines/:id/stations", staff, ["admin"], theirs),
  line("POST /api/admin/beamlines/:id/stations/:stationId/codes", staff, [], theirs),
  line("DELETE /api/admin/beamlines/:id/stations/:stationId", staff, ["admin"], theirs),
  line("POST /api/admin/experiments/sync", admins, ["sync"]),
  line("POST /api/admin/import/people", admins, ["sync"]),
  line("POST /api/admin/import/beamlines", admins, ["sync"]),
  line("POST /api/admin/import/experiments", staff, ["sync"], theirs),
  line("POST /api/admin/import/members", staff, ["sync"], theirs),
  line("GET /api/admin/experiments", staff, ["admin"], theirs),
  line("POST /api/admin/experiments", staff, ["admin"], theirs),
  line("GET /api/admin/experiments/:id", staff, ["admin"], theirs),
  line("PATCH /api/admin/experiments/:id", staff, ["admin"], theirs),
  line("DELETE /api/admin/experiments/:id", staff, ["admin"], theirs),
  // Whoever names a provider says who is an administrator.
  line("GET /api/admin/providers", admins, []),
  line("POST /api/admin/providers", admins, []),
  line("GET /api/admin/providers/:id", admins, []),
  line("PATCH /api/admin/providers/:id", admins, []),
  line("DELETE /api/admin/providers/:id", admins, []),
  line("GET /api/admin/groups", admins, ["admin"]),
  line("POST /api/admin/groups", admins, ["admin"]),
  line("GET /api/admin/groups/:id", admins, ["admin"]),
  line("PATCH /api/admin/groups/:id", admins, ["admin"]),
  line("DELETE /api/admin/groups/:id", admins, ["admin"]),

  line("GET /api/admin/tokens", admins, ["admin"]),
  line("DELETE /api/admin/tokens/:id", admins, ["admin"]),

  line("GET /api/admin/audit", admins, ["admin"]),
  line("GET /api/admin/audit/export", admins, ["admin"]),
  line("GET /api/admin/nodes", admins, ["admin"]),
  line("GET /api/admin/nodes/labels", admins, ["admin"]),
  line("GET /api/admin/nodes/:id", admins, ["admin"]),
  line("PATCH /api/admin/nodes/:id", admins, ["admin"]),
  line("POST /api/admin/nodes/:id/gone", admins, ["admin"]),
  line("GET /api/admin/use", admins, ["admin"]),
  line("GET /api/admin/reservations", staff, ["admin"], theirs),
  line("POST /api/admin/reservations", staff, ["admin"], theirs),
  line("GET /api/admin/reservations/:id", staff, ["admin"], theirs),
  line("PATCH /api/admin/reservations/:id", staff, ["admin"], theirs),
  line("DELETE /api/admin/reservations/:id", staff, ["admin"], theirs),
  line("GET /api/admin/rules", admins, ["admin"]),
  line("POST /api/admin/rules", admins, ["admin"]),
  line("POST /api/admin/rules/order", admins, ["admin"]),
  line("POST /api/admin/rules/preview", admins, ["admin"]),
  line("GET /api/admin/rules/:id", admins, ["admin"]),
  line("PATCH /api/admin/rules/:id", admins, ["admin"]),
  line("DELETE /api/admin/rules/:id", admins, ["admin"]),
  line("GET /api/admin/rules/:id/versions", admins, ["admin"]),
  line("POST /api/admin/rules/:id/restore", admins, ["admin"]),
];

const lines = new Map(policy.map((it) => [`${it.method} ${it.path}`, it]));

/** @returns undefined where nothing is said of it: then it is refused */
export function policyOf(method: string, path: string): PolicyLine | undefined {
  // What a HEAD would tell is what a GET tells.
  return lines.get(`${method === "HEAD" ? "GET" : method} ${path}`);
}

/** Whether someone with these roles may call it, with a browser's sign-in. */
export function mayCall({ who }: PolicyLine, roles: readonly string[]): boolean {
  return typeof who === "string" || who.some((role) => roles.includes(role));
}

/** Whether any call with this scope is open to someone with these roles: else a token would be for nothing. */
export function scopeIsFor(scope: Scope, roles: readonly string[]): boolean {
  const telling = policy.filter((it) => it.scopes.includes(scope) && it.scopes !== anyScope);
  return telling.some((it) => mayCall(it, roles));
}
