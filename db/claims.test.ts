import { describe, expect, it } from "vitest";
import { givenBy, usernameFrom, type ClaimRule } from "./claims.ts";

const rule = (claim: string, pattern: string, gives: ClaimRule["gives"], target: string) => ({
  claim,
  pattern,
  gives,
  target,
});

describe("what claims give", () => {
  it("is what the rules say of each value, once", () => {
    const rules = [
      rule("groups", "it-staff", "role", "admin"),
      rule("groups", "beamline-*", "beamline_staff", "*"),
      rule("groups", "beamline-*", "role", "staff"),
      rule("epns", "*", "experiment", "*"),
      rule("dept", "img", "group", "imaging"),
    ];
    const claims = { groups: ["beamline-IMBL", "beamline-MX2", "other"], epns: "18342", dept: 7 };
    expect(givenBy(rules, claims)).toEqual({
      role: ["staff"],
      beamline_staff: ["IMBL", "MX2"],
      experiment: ["18342"],
      group: [],
    });
  });

  it("leaves alone what no rule gives", () => {
    expect(givenBy([], { groups: ["admin"] })).toEqual({});
    expect(givenBy([rule("groups", "a", "role", "admin")], {})).toEqual({ role: [] });
  });

  it("takes a pattern as text, never as an expression, and what it stood for as it is", () => {
    const rules = [rule("g", "a.c", "group", "x"), rule("g", "p-*-s", "group", "$&-*")];
    expect(givenBy(rules, { g: ["abc", "p-s", "p-$1-s"] })).toEqual({ group: ["$&-$1"] });
  });
});

it.each([
  ["Ada", "ada"],
  ["ada.lovelace@example.org", "ada-lovelace"],
  ["Zoë Müller", "zoe-muller"],
  ["123abc", "abc"],
  ["42", null],
  ["", null],
  [undefined, null],
  ["x".repeat(40), "x".repeat(31)],
])("makes of %j the user name %j", (claim, username) => {
  expect(usernameFrom(claim)).toBe(username);
});
