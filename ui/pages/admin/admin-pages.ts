import type { CallerRole, Role } from "../../../gateway/schemas.ts";
import type { AdminKey } from "../../messages/admin-en.ts";
import { paths } from "../../paths.ts";

/** What belongs together stands together: sixteen in one row are too many to find one. */
export type AdminGroup = "operation" | "scheduling" | "catalogue" | "experiments" | "people";

interface AdminPage {
  readonly group: AdminGroup;
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
  group: AdminGroup,
  href: string,
  text: AdminPage["text"],
  roles: readonly Role[],
  call: string,
): AdminPage => ({ group, href, text, roles, call });

/** The pages of the administration, in the order in which they are offered. */
export const adminPages: readonly AdminPage[] = [
  page("operation", paths.adminNodes(), "nav.nodes", admins, "/api/admin/nodes"),
  page("operation", paths.adminInstances(), "nav.instances", staff, "/api/admin/instances"),
  page("operation", paths.adminUse(), "nav.use", admins, "/api/admin/use"),
  page("operation", paths.adminAudit(), "nav.audit", admins, "/api/admin/audit"),
  page("scheduling", paths.adminRules(), "nav.rules", admins, "/api/admin/rules"),
  page(
    "scheduling",
    paths.adminReservations(),
    "nav.reservations",
    staff,
    "/api/admin/reservations",
  ),
  page(
    "catalogue",
    paths.adminEnvironments(),
    "nav.environments",
    staff,
    "/api/admin/environments",
  ),
  page("catalogue", paths.adminMayStart(), "nav.mayStart", staff, "/api/admin/may-start"),
  page("experiments", paths.adminExperiments(), "nav.experiments", staff, "/api/admin/experiments"),
  page("experiments", paths.adminBeamlines(), "nav.beamlines", staff, "/api/admin/beamlines"),
  page(
    "experiments",
    paths.adminStations(),
    "nav.stations",
    staff,
    "/api/admin/beamlines/:id/stations",
  ),
  // The call whose rights staff and administrators share; the page offers each what is theirs.
  page("experiments", paths.adminImport(), "nav.import", staff, "/api/admin/import/experiments"),
  page("people", paths.adminUsers(), "nav.users", admins, "/api/admin/users"),
  page("people", paths.adminGroups(), "nav.groups", admins, "/api/admin/groups"),
  page("people", paths.adminTokens(), "nav.tokens", admins, "/api/admin/tokens"),
  page("people", paths.adminProviders(), "nav.providers", admins, "/api/admin/providers"),
];

/** Those that someone with these roles may use. */
export function pagesFor(roles: readonly CallerRole[]): AdminPage[] {
  return adminPages.filter((it) => it.roles.some((role) => roles.includes(role)));
}

/** Pages by their group, in order: `[group, its pages]`, none of them empty. */
export function grouped(pages: readonly AdminPage[]): [AdminGroup, AdminPage[]][] {
  return [...Map.groupBy(pages, (it) => it.group)];
}

/** The one that an address belongs to, which may be of something on it. */
export function pageAt(path: string): AdminPage | undefined {
  return adminPages.find((it) => path === it.href || path.startsWith(`${it.href}/`));
}
