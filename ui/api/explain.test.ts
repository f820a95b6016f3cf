import { describe, expect, it } from "vitest";
import { ApiError, isPassing, isProblem, isSignedOut, parseRetryAfter } from "./errors.ts";
import { explain } from "./explain.ts";

const problem = (
  status: number,
  code: string,
  detail = "",
  retryAfterMs: number | null = null,
): ApiError =>
  new ApiError("problem", {
    status,
    retryAfterMs,
    problem: { type: `/problems/${code}`, title: "", status, code, detail, requestId: "req-1" },
  });

describe("explain", () => {
  it("a wrong password, without telling which half was wrong", () => {
    const it_ = explain(problem(401, "wrong_credentials", "internal words"), "signIn");
    expect(it_.what).toBe("This username and password do not belong together.");
    expect(it_.safe).toBeNull();
    expect(it_.requestId).toBeNull();
  });

  it("too many tries, with the time to wait in the right number", () => {
    expect(explain(problem(429, "x", "", 27_100), "signIn").next).toBe(
      "Wait 28 seconds and try again.",
    );
    expect(explain(problem(429, "x", "", 400), "signIn").next).toBe("Wait 1 second and try again.");
    expect(explain(problem(429, "x"), "signIn").next).toBe("Wait a little and try again.");
  });

  it("no network: what to do, and no promise about what nobody can see", () => {
    const it_ = explain(new ApiError("network"), "look");
    expect(it_.what).toBe("This browser cannot reach ASCI.");
    expect(it_.safe).toBeNull();
    expect(it_.requestId).toBeNull();
  });

  it("a refusal: that desktops go on, and the id for support", () => {
    const it_ = explain(problem(403, "role_missing"), "look");
    expect(it_.safe).toBe("Your desktops keep running.");
    expect(it_.requestId).toBe("req-1");
  });

  it("a start that failed: that asking again is safe", () => {
    expect(explain(new ApiError("network"), "start").safe).toBe(
      "Trying again is safe: you will not get two desktops.",
    );
  });

  it("a proxy's page: not ASCI's words", () => {
    expect(explain(new ApiError("foreign", { status: 502 }), "look").what).toContain(
      "(status 502)",
    );
  });

  it("a conflict: the server's own words, as they name state and reason", () => {
    const detail = "It is stopping, so restart is not possible now.";
    expect(explain(problem(409, "state_forbids", detail), "change").what).toBe(detail);
  });

  it("a fault of the server: no internals", () => {
    expect(explain(problem(500, "internal", "stack trace"), "look").what).toBe(
      "ASCI’s server ran into a fault.",
    );
  });

  it.each([
    [problem(403, "origin_foreign"), "The server refused this page’s address."],
    [problem(403, "role_missing"), "Your account may not do this."],
    [problem(404, "not_found"), "It does not exist any more, or it is not yours."],
    [problem(503, "node_unreachable", "The node does not answer."), "The node does not answer."],
    [problem(503, "unavailable"), "ASCI’s server cannot answer just now."],
    [problem(413, "too_large"), "That is too large."],
    [problem(418, "teapot"), "Something unexpected happened."],
    [new Error("boom"), "Something unexpected happened."],
    ["not even an error", "Something unexpected happened."],
  ])("%s", (error, what) => {
    expect(explain(error, "look").what).toBe(what);
  });

  it("what is known by its code: in the reader's own language, whatever the server wrote", () => {
    const away = explain(problem(503, "database_unreachable", "English words"), "look");
    expect([away.what, away.next]).toEqual([
      "ASCI’s database does not answer just now.",
      "This page tries again by itself.",
    ]);
    const gone = explain(problem(404, "unknown_environment", "English words"), "start");
    expect([gone.what, gone.safe]).toEqual(["This can no longer be started.", null]);
  });

  it("is calm about what passes by itself, and not about what does not", () => {
    const tone = (error: unknown) => explain(error, "start").tone;
    expect([problem(503, "x"), problem(429, "x"), new ApiError("network")].map(tone)).toEqual([
      "attention",
      "attention",
      "attention",
    ]);
    expect([problem(404, "x"), problem(403, "x"), new Error("x")].map(tone)).toEqual([
      "error",
      "error",
      "error",
    ]);
    expect(explain(new ApiError("network"), "signIn").tone).toBe("error");
  });

  it("says what to do now, always", () => {
    for (const status of [0, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504, 599]) {
      for (const doing of ["signIn", "look", "start", "change", "connect", "administer"] as const) {
        const { what, next } = explain(problem(status, "x"), doing);
        expect(what).not.toBe("");
        expect(next).not.toBe("");
      }
    }
  });

  it("keeps the first fault of each field", () => {
    const error = new ApiError("problem", {
      status: 400,
      problem: {
        type: "",
        title: "",
        status: 400,
        code: "validation",
        detail: "username: too short.",
        requestId: "",
        errors: [
          { path: "username", message: "too short" },
          { path: "username", message: "no letter" },
          { path: "roles.0", message: "unknown" },
        ],
      },
    });
    const { fields, requestId } = explain(error, "administer");
    expect(fields).toEqual({ username: "too short", "roles.0": "unknown" });
    expect(requestId).toBeNull();
  });
});

describe("errors", () => {
  it("tell a passing trouble from a lasting one", () => {
    expect([new ApiError("network"), problem(503, "x"), problem(429, "x")].every(isPassing)).toBe(
      true,
    );
    expect([problem(404, "x"), problem(401, "x"), new Error("x")].some(isPassing)).toBe(false);
  });

  it("take only ASCI's own 401 for signed out", () => {
    expect(isSignedOut(problem(401, "signed_out"))).toBe(true);
    expect(isSignedOut(new ApiError("foreign", { status: 401 }))).toBe(false);
  });

  it.each([
    [null, null],
    ["", null],
    ["7", 7_000],
    ["0", 0],
    ["Thu, 01 Jan 1970 00:01:10 GMT", 10_000],
    ["Thu, 01 Jan 1970 00:00:10 GMT", 0],
    ["soon", null],
  ])("Retry-After %j is %j ms", (value, expected) => {
    expect(parseRetryAfter(value, 60_000)).toBe(expected);
  });

  it("know a problem document when they see one", () => {
    expect(isProblem({ status: 404, code: "x", detail: "y" })).toBe(true);
    for (const other of [null, 1, "x", [], {}, { status: "404", code: "x", detail: "y" }]) {
      expect(isProblem(other)).toBe(false);
    }
  });
});
