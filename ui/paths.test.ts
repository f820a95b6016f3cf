import { describe, expect, it } from "vitest";
import { paths, safeNext } from "./paths.ts";

const id = "0198f0a2-7a4e-7c1f-9b1d-6a3c1c9f1e11";

describe("paths", () => {
  it("are what links and bookmarks rely on", () => {
    expect({
      desktops: paths.desktops(),
      desktop: paths.desktop({ id }),
      desktopEscapes: paths.desktop({ id: "a/b?c" }),
      signIn: paths.signIn(),
      signInHome: paths.signIn({ next: "/" }),
      signInBack: paths.signIn({ next: "/admin/users?search=a b" }),
      account: paths.account(),
      station: paths.station(),
      admin: paths.admin(),
      adminNodes: paths.adminNodes(),
      adminNode: paths.adminNode({ id }),
      adminUse: paths.adminUse(),
      adminInstances: paths.adminInstances(),
      adminInstancesOf: paths.adminInstances({ node: "a b", open: id }),
      adminUsers: paths.adminUsers(),
      adminStations: paths.adminStations(),
      adminStationsOf: paths.adminStations({ beamline: id }),
      adminImport: paths.adminImport(),
      adminGroups: paths.adminGroups(),
      adminBeamlines: paths.adminBeamlines(),
      adminExperiments: paths.adminExperiments(),
      adminExperimentsOf: paths.adminExperiments({ beamline: "A B" }),
      adminExperiment: paths.adminExperiment({ id }),
      adminEnvironments: paths.adminEnvironments(),
      adminEnvironment: paths.adminEnvironment({ id }),
      adminMayStart: paths.adminMayStart(),
      adminMayStartWho: paths.adminMayStart({ user: "ada", experiment: "a&b" }),
      adminTokens: paths.adminTokens(),
      adminProviders: paths.adminProviders(),
      adminAudit: paths.adminAudit(),
      adminAuditOf: paths.adminAudit({ actor: "ada" }),
      apiReference: paths.apiReference(),
    }).toMatchInlineSnapshot(`
      {
        "account": "/account",
        "admin": "/admin",
        "adminAudit": "/admin/audit",
        "adminAuditOf": "/admin/audit?actor=ada",
        "adminBeamlines": "/admin/beamlines",
        "adminEnvironment": "/admin/environments/0198f0a2-7a4e-7c1f-9b1d-6a3c1c9f1e11",
        "adminEnvironments": "/admin/environments",
        "adminExperiment": "/admin/experiments/0198f0a2-7a4e-7c1f-9b1d-6a3c1c9f1e11",
        "adminExperiments": "/admin/experiments",
        "adminExperimentsOf": "/admin/experiments?beamline=A%20B",
        "adminGroups": "/admin/groups",
        "adminImport": "/admin/import",
        "adminInstances": "/admin/instances",
        "adminInstancesOf": "/admin/instances?node=a+b&open=0198f0a2-7a4e-7c1f-9b1d-6a3c1c9f1e11",
        "adminMayStart": "/admin/may-start",
        "adminMayStartWho": "/admin/may-start?user=ada&experiment=a%26b",
        "adminNode": "/admin/nodes/0198f0a2-7a4e-7c1f-9b1d-6a3c1c9f1e11",
        "adminNodes": "/admin/nodes",
        "adminProviders": "/admin/providers",
        "adminStations": "/admin/stations",
        "adminStationsOf": "/admin/stations?beamline=0198f0a2-7a4e-7c1f-9b1d-6a3c1c9f1e11",
        "adminTokens": "/admin/tokens",
        "adminUse": "/admin/use",
        "adminUsers": "/admin/users",
        "apiReference": "/api/docs",
        "desktop": "/desktops/0198f0a2-7a4e-7c1f-9b1d-6a3c1c9f1e11",
        "desktopEscapes": "/desktops/a%2Fb%3Fc",
        "desktops": "/",
        "signIn": "/sign-in",
        "signInBack": "/sign-in?next=%2Fadmin%2Fusers%3Fsearch%3Da%20b",
        "signInHome": "/sign-in",
        "station": "/station",
      }
    `);
  });
});

describe("safeNext", () => {
  const origin = "https://asci.example";

  it("goes back to where one was", () => {
    expect(safeNext("/admin/users?search=x#y", origin)).toBe("/admin/users?search=x#y");
    expect(safeNext(`/desktops/${id}`, origin)).toBe(`/desktops/${id}`);
  });

  it.each([
    undefined,
    "",
    "https://evil.example/",
    "//evil.example/",
    "//evil.example/admin/users",
    "/\\evil.example/",
    "/\t/evil.example/",
    "javascript:alert(1)",
    "/.//evil.example",
    "/sign-in?next=/sign-in",
    "/%",
  ])("goes home for %j", (next) => {
    const to = safeNext(next, origin);
    expect(new URL(to, origin).origin).toBe(origin);
    expect(to.startsWith("//")).toBe(false);
    if (next !== "/%") expect(to).toBe("/");
  });
});
