import { describe, expect, it } from "vitest";
import { policy } from "../../../gateway/policy.ts";
import { homeOfAdmin } from "../../components/home.ts";
import { adminPages, grouped, pageAt, pagesFor } from "./admin-pages.ts";

describe("the pages of the administration", () => {
  it.each(adminPages)("$href is for whom the policy lets make its call", ({ call, roles }) => {
    const line = policy.find((it) => it.path === call);
    expect([...(line?.who ?? [])].toSorted()).toEqual(roles.toSorted());
  });

  it("are, to staff, those of their beamlines", () => {
    expect(pagesFor(["user", "staff"]).map((it) => it.href)).toEqual([
      "/admin/instances",
      "/admin/reservations",
      "/admin/environments",
      "/admin/may-start",
      "/admin/experiments",
      "/admin/beamlines",
      "/admin/stations",
      "/admin/import",
    ]);
    expect(pagesFor(["user"])).toEqual([]);
  });

  it("stand in few groups of few, which have only what is theirs", () => {
    const groups = grouped(adminPages);
    expect(groups.flatMap(([, pages]) => pages)).toEqual(adminPages);
    expect(Math.max(groups.length, ...groups.map(([, pages]) => pages.length))).toBeLessThan(6);
    expect(grouped(pagesFor(["staff"])).map(([group]) => group)).not.toContain("people");
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
