import type { CallerRole, Role } from "../../../gateway/schemas.ts";
import type { AdminKey } from "../../messages/admin-en.ts";
import { paths } from "../../paths.ts";

interface AdminPage {
  readonly href: string;
  readonly text: Extract<AdminKey, `nav.${string}`> | "nav.nodes" | "nav.users";
  /** As the gateway's policy has it; a test compares them. */
  readonly roles: readonly Role[];
  /** The call that the page begins with, of which the policy says who may make it. */
  readonly call: string;
}

const admins: readonly Role[] = ["admin"];
const staff: readonly Role[] = ["staff", "admin"];
const page = (
  href: string,
  text: AdminPage["text"],
  roles: readonly Role[],
  call: string,
): AdminPage => ({ href, text, roles, call });

/** The pages of the administration, in the order in which they are offered. */
export const adminPages: readonly AdminPage[] = [
  page(paths.adminNodes(), "nav.nodes", admins, "/api/admin/nodes"),
  page(paths.adminUse(), "nav.use", admins, "/api/admin/use"),
  page(paths.adminUsers(), "nav.users", admins, "/api/admin/users"),
  page(paths.adminInstances(), "nav.instances", staff, "/api/admin/instances"),
  page(paths.adminRules(), "nav.rules", admins, "/api/admin/rules"),
  page(paths.adminReservations(), "nav.reservations", staff, "/api/admin/reservations"),
  page(paths.adminGroups(), "nav.groups", admins, "/api/admin/groups"),
  page(paths.adminBeamlines(), "nav.beamlines", staff, "/api/admin/beamlines"),
  page(paths.adminStations(), "nav.stations", staff, "/api/admin/beamlines/:id/stations"),
  page(paths.adminExperiments(), "nav.experiments", staff, "/api/admin/experiments"),
  page(paths.adminEnvironments(), "nav.environments", staff, "/api/admin/environments"),
  page(paths.adminMayStart(), "nav.mayStart", staff, "/api/admin/may-start"),
  // The call whose rights staff and administrators share; the page offers each what is theirs.
  page(paths.adminImport(), "nav.import", staff, "/api/admin/import/experiments"),
  page(paths.adminTokens(), "nav.tokens", admins, "/api/admin/tokens"),
  page(paths.adminProviders(), "nav.providers", admins, "/api/admin/providers"),
  page(paths.adminAudit(), "nav.audit", admins, "/api/admin/audit"),
];

/** Those that someone with these roles may use. */
export function pagesFor(roles: readonly CallerRole[]): AdminPage[] {
  return adminPages.filter((it) => it.roles.some((role) => roles.includes(role)));
}

/** The one that an address belongs to, which may be of something on it. */
export function pageAt(path: string): AdminPage | undefined {
  return adminPages.find((it) => path === it.href || path.startsWith(`${it.href}/`));
}
