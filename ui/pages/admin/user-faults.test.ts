import { describe, expect, it } from "vitest";
import { ApiError } from "../../api/errors.ts";
import { userFaults } from "./user-faults.ts";

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

describe("userFaults", () => {
  it.each([
    ["username_taken", { username: "Somebody has this username already." }],
    ["email_taken", { email: "Somebody has this e-mail address already." }],
    [
      "last_admin",
      {
        roles: "This is the only administrator who can sign in. Give someone else the role first.",
      },
    ],
    ["state_forbids", {}],
  ])("409 %s", (code, expected) => {
    expect(userFaults(refusal(409, code))).toEqual(expected);
  });

  it("puts each fault at its field, once, and in the reader's words", () => {
    const error = refusal(400, "validation", ["username", "username", "roles.0", "elsewhere"]);
    expect(userFaults(error)).toEqual({
      username: "1 to 31 lower-case letters, digits, _ and -; a letter first.",
      roles: "Choose at least one role.",
    });
  });

  it.each([new ApiError("network"), new Error("boom"), null])("%s is of no field", (error) => {
    expect(userFaults(error)).toEqual({});
  });
});
