import { describe, expect, it } from "vitest";
import { ApiError } from "../../api/errors.ts";
import { tokenFaults } from "./token-faults.ts";

const refusal = (status: number, code: string, paths: readonly string[] = []): ApiError =>
  new ApiError("problem", {
    status,
    problem: {
      type: "",
      title: "",
      status,
      code,
      detail: "the server's own words",
      requestId: "req-1",
      errors: paths.map((path) => ({ path, message: "the server's own words" })),
    },
  });

describe("tokenFaults", () => {
  it("puts each fault at its field, in the reader's words", () => {
    expect(tokenFaults(refusal(400, "validation", ["name", "scopes.0", "elsewhere"]))).toEqual({
      name: "Give it a name, of 100 characters at most.",
      scopes: "Choose at least one.",
    });
    expect(tokenFaults(refusal(400, "validation", ["expiresAt"]))).toEqual({
      expiresAt: "At most 366 days.",
    });
  });

  it("says at the scopes that a role is missing", () => {
    expect(tokenFaults(refusal(403, "role_missing"))).toEqual({
      scopes: "Your roles do not allow all of this. Choose less.",
    });
  });

  it.each([refusal(409, "too_many_tokens"), new ApiError("network"), new Error("boom"), null])(
    "%s is of no field",
    (error) => {
      expect(tokenFaults(error)).toEqual({});
    },
  );
});
