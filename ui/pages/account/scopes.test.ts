import { describe, expect, it } from "vitest";
import { scopeIsFor } from "../../../gateway/policy.ts";
import { roles, scopes, type Role } from "../../../gateway/schemas.ts";
import { endOf, lifetimes, scopesFor } from "./scopes.ts";

const sets: Role[][] = [[], ...roles.map((it) => [it]), ["user", "monitor"], ["staff", "admin"]];

describe("scopesFor", () => {
  it.each(sets)("agrees with the server about %s %s", (...own) => {
    expect(scopesFor(own)).toEqual(scopes.filter((scope) => scopeIsFor(scope, own)));
  });
});

describe("endOf", () => {
  it("stays within what the server allows, with the longest choice too", () => {
    const now = Date.parse("2026-11-22T00:00:00Z");
    const ends = lifetimes.map((days) => new Date(endOf(days, now)).toISOString());
    expect(ends).toMatchInlineSnapshot(`
      [
        "2026-11-28T23:59:00.000Z",
        "2026-12-21T23:59:00.000Z",
        "2027-02-19T23:59:00.000Z",
        "2027-11-22T23:59:00.000Z",
      ]
    `);
  });
});
