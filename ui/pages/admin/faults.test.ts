import { describe, expect, it } from "vitest";
import { ApiError } from "../../api/errors.ts";
import { experimentFaults } from "./experiment-entries.ts";
import { faultsFrom, peopleWords } from "./faults.ts";
import { providerFaults } from "./provider-entries.ts";
import { refusalOf } from "./refusals.ts";

const refusal = (
  status: number,
  code: string,
  errors: { path: string; message: string }[] = [],
): ApiError =>
  new ApiError("problem", {
    status,
    problem: { type: "", title: "", status, code, detail: "x", requestId: "req-1", errors },
  });
const wrong = (path: string, message = "the server's own words") => ({ path, message });

describe("faultsFrom", () => {
  it("puts each fault at its field in the reader's words, and a conflict at its own", () => {
    const words = { code: "wrong code", members: peopleWords };
    const codes = { code_taken: { code: "taken" } };
    const error = refusal(400, "validation", [wrong("code"), wrong("code"), wrong("toString")]);
    expect(faultsFrom(error, words, codes)).toEqual({ code: "wrong code" });
    expect(faultsFrom(refusal(409, "code_taken"), words, codes)).toEqual({ code: "taken" });
    expect(faultsFrom(refusal(409, "other"), words, codes)).toEqual({});
  });

  it.each([new ApiError("network"), new Error("boom"), null])("%s is of no field", (error) => {
    expect(faultsFrom(error, { code: "wrong" })).toEqual({});
  });

  it.each([
    [
      [wrong("members", "there is no person bob"), wrong("members", "there is no person eve")],
      "Nobody has these user names: bob, eve.",
    ],
    [[wrong("members", "there is no person bob")], "Nobody has this user name: bob."],
    [
      [wrong("members.3")],
      "One of these cannot be a user name: a lower-case letter, then letters, digits, _ and -.",
    ],
    [[wrong("members")], "At most 1000 people."],
  ])("says who of a list is wrong: %#", (errors, members) => {
    expect(experimentFaults(refusal(400, "validation", errors))).toEqual({ members });
  });
});

describe("faults of an experiment", () => {
  it("knows a taken code and dates the wrong way round", () => {
    expect(experimentFaults(refusal(409, "code_taken"))).toEqual({
      code: "Another experiment has this code already.",
    });
    const endsAt = "It has to end after it starts.";
    expect(experimentFaults(refusal(409, "ends_before_start"))).toEqual({ endsAt });
    expect(experimentFaults(refusal(400, "validation", [wrong("endsAt")]))).toEqual({ endsAt });
  });
});

describe("faults of a provider", () => {
  it("names its rules as they are counted on the page", () => {
    const error = refusal(400, "validation", [
      wrong("rules.0.claim"),
      wrong("rules.0.pattern"),
      wrong("rules.2.target"),
      wrong("issuer"),
    ]);
    const { rules, issuer } = providerFaults(error);
    expect(rules).toContain("Look at these rules: 1, 3.");
    expect(issuer).toBe("An https: address.");
  });
});

describe("refusalOf", () => {
  it.each([
    [refusal(409, "beamline_in_use"), "This beamline has experiments."],
    [
      refusal(409, "experiment_in_use"),
      "Desktops were started for this experiment, which is part of their history.",
    ],
    [refusal(403, "role_missing"), "Your roles do not allow this."],
    [refusal(404, "not_found"), "It does not exist any more, or it is not within your reach."],
  ])("%#", (error, what) => {
    expect(refusalOf(error)?.what).toBe(what);
  });

  it("leaves the rest to others", () => {
    expect(refusalOf(refusal(500, "internal"))).toBeNull();
    expect(refusalOf(new ApiError("network"))).toBeNull();
  });
});
