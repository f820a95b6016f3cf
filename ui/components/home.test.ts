import { describe, expect, it } from "vitest";
import { mayCall, policyOf } from "../../gateway/policy.ts";
import { roles, type Role } from "../../gateway/schemas.ts";
import { homeOf, worksInDesktops } from "./home.ts";

const asked = ["/api/catalogue", "/api/instances", "/api/events"];

describe("worksInDesktops", () => {
  it.each(roles)("agrees with the server about %s", (role) => {
    for (const path of asked) {
      const line = policyOf("GET", path);
      expect(line && mayCall(line, [role])).toBe(worksInDesktops([role]));
    }
  });

  it.each([
    [["monitor"], "/account"],
    [["monitor", "user"], "/"],
    [["admin"], "/"],
    [[], "/account"],
  ] as [Role[], string][])("%j begins at %s", (roles, home) => {
    expect(homeOf(roles)).toBe(home);
  });
});
