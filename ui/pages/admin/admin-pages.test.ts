import { describe, expect, it } from "vitest";
import { policy } from "../../../gateway/policy.ts";
import { homeOfAdmin } from "../../components/home.ts";
import { adminPages, pageAt, pagesFor } from "./admin-pages.ts";

describe("the pages of the administration", () => {
  it.each(adminPages)("$href is for whom the policy lets make its call", ({ call, roles }) => {
    const line = policy.find((it) => it.path === call);
    expect([...(line?.who ?? [])].toSorted()).toEqual(roles.toSorted());
  });

  it("are, to staff, those of their beamlines", () => {
    expect(pagesFor(["user", "staff"]).map((it) => it.href)).toEqual([
      "/admin/instances",
      "/admin/reservations",
      "/admin/beamlines",
      "/admin/stations",
      "/admin/experiments",
      "/admin/environments",
      "/admin/may-start",
      "/admin/import",
    ]);
    expect(pagesFor(["user"])).toEqual([]);
  });

  it("begin with one that its reader may use", () => {
    for (const roles of [["admin"], ["staff"], ["user", "staff", "admin"]] as const)
      expect(pagesFor(roles).map((it) => it.href)).toContain(homeOfAdmin(roles));
  });

  it("are found by an address below them", () => {
    expect(pageAt("/admin/experiments/0198")?.href).toBe("/admin/experiments");
    expect(pageAt("/admin/usersandmore")).toBeUndefined();
  });
});
