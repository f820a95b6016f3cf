import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Problem } from "./schemas.ts";

const titles: Record<number, string> = {
  400: "Bad request",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Not possible now",
  413: "Too large",
  415: "Wrong media type",
  429: "Too many attempts",
  500: "Internal error",
  503: "Not available now",
};

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 500 | 503;

/**
 * An answer that says no, as RFC 9457 gives it. `detail` is for people: what is wrong and what to do.
 * `code` is for programs and stays the same for as long as the API does.
 */
export class ProblemError extends Error {
  readonly status: ProblemStatus;
  readonly code: string;
  readonly errors: Problem["errors"];
  readonly headers: Readonly<Record<string, string>>;
  /** Members of its own (RFC 9457, section 3.2). */
  readonly extension: Readonly<Record<string, unknown>>;
  constructor(
    status: ProblemStatus,
    code: string,
    detail: string,
    more: {
      errors?: Problem["errors"];
      headers?: Record<string, string>;
      extension?: Record<string, unknown>;
    } = {},
  ) {
    super(detail);
    this.name = "ProblemError";
    this.status = status;
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
    this.extension = more.extension ?? {};
  }
}

/** The document of a problem, for whatever carries it. */
export function problemDocument(problem: ProblemError, requestId: string): Problem {
  return {
    ...problem.extension,
    type: `/problems/${problem.code}`,
    title: titles[problem.status] ?? "Error",
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
    ...(problem.errors ? { errors: problem.errors } : {}),
  };
}

export function problemResponse(c: Context, problem: ProblemError): Response {
  const body = problemDocument(problem, c.get("requestId") ?? "");
  return c.body(JSON.stringify(body), problem.status as ContentfulStatusCode, {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...problem.headers,
  });
}

/** What is not there, and what the caller may not know of, answer alike. */
export function notFound(what: string): ProblemError {
  return new ProblemError(404, "not_found", `There is no such ${what}, or it is not yours.`);
}
