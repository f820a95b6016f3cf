import { describe, expect, it } from "vitest";
import { mayCall, policyOf } from "../../gateway/policy.ts";
import { callerRoles, type CallerRole } from "../../gateway/schemas.ts";
import { homeOf, worksInDesktops } from "./home.ts";

const asked = ["/api/catalogue", "/api/instances", "/api/events"];

describe("worksInDesktops", () => {
  it.each(callerRoles)("agrees with the server about %s", (role) => {
    // A station has no catalogue of its own: it shows what runs there.
    const theirs = asked.filter((path) => role !== "station" || path !== "/api/catalogue");
    for (const path of theirs) {
      const line = policyOf("GET", path);
      expect(line && mayCall(line, [role])).toBe(worksInDesktops([role]));
    }
  });

  it.each([
    [["monitor"], "/account"],
    [["monitor", "user"], "/"],
    [["admin"], "/"],
    [["station"], "/"],
    [[], "/account"],
  ] as [CallerRole[], string][])("%j begins at %s", (roles, home) => {
    expect(homeOf(roles)).toBe(home);
  });
});
