/** Every address in the app, typed: a renamed page is a compile error, not a dead link. */
export const paths = {
  desktops: () => "/",
  desktop: (to: { id: string }) => `/desktops/${encodeURIComponent(to.id)}`,
  signIn: (to?: { next: string }) =>
    to === undefined || to.next === "/"
      ? "/sign-in"
      : `/sign-in?next=${encodeURIComponent(to.next)}`,
  /** Served by the gateway, which sends on to the provider. */
  provider: (to: { slug: string; next: string }) =>
    `/auth/oidc/${encodeURIComponent(to.slug)}/start?next=${encodeURIComponent(to.next)}`,
  account: () => "/account",
  /** Where a shared computer becomes a station. */
  station: () => "/station",
  /** Where somebody answers what a station has asked. */
  add: () => "/add",
  admin: () => "/admin",
  adminNodes: () => "/admin/nodes",
  adminNode: (to: { id: string }) => `/admin/nodes/${encodeURIComponent(to.id)}`,
  adminUse: () => "/admin/use",
  adminUsers: () => "/admin/users",
  adminStations: (to?: { beamline: string }) =>
    to === undefined
      ? "/admin/stations"
      : `/admin/stations?beamline=${encodeURIComponent(to.beamline)}`,
  adminImport: () => "/admin/import",
  adminGroups: () => "/admin/groups",
  adminBeamlines: () => "/admin/beamlines",
  adminExperiments: (to?: { beamline: string }) =>
    to === undefined
      ? "/admin/experiments"
      : `/admin/experiments?beamline=${encodeURIComponent(to.beamline)}`,
  adminExperiment: (to: { id: string }) => `/admin/experiments/${encodeURIComponent(to.id)}`,
  adminEnvironments: () => "/admin/environments",
  adminEnvironment: (to: { id: string }) => `/admin/environments/${encodeURIComponent(to.id)}`,
  adminMayStart: (to?: { user?: string; environment?: string; experiment?: string }) => {
    const query = new URLSearchParams(to).toString();
    return query === "" ? "/admin/may-start" : `/admin/may-start?${query}`;
  },
  adminInstances: (to?: { node?: string; open?: string }) => {
    const query = new URLSearchParams(to).toString();
    return query === "" ? "/admin/instances" : `/admin/instances?${query}`;
  },
  adminRules: () => "/admin/rules",
  adminReservations: () => "/admin/reservations",
  adminTokens: () => "/admin/tokens",
  adminProviders: () => "/admin/providers",
  adminAudit: (to?: { actor: string }) =>
    to === undefined ? "/admin/audit" : `/admin/audit?actor=${encodeURIComponent(to.actor)}`,
  /** Served by the gateway, outside the app. */
  apiReference: () => "/api/docs",
} as const;

/**
 * Where to go after signing in. Only a path on this origin: an address that came in by a link must
 * not lead a freshly signed-in person elsewhere.
 */
export function safeNext(next: string | undefined, origin: string): string {
  if (next === undefined || !next.startsWith("/")) return paths.desktops();
  try {
    const url = new URL(next, origin);
    if (url.origin !== origin || url.pathname.startsWith("//")) return paths.desktops();
    if (url.pathname === paths.signIn()) return paths.desktops();
    return url.pathname + url.search + url.hash;
  } catch {
    return paths.desktops();
  }
}
