import type { Problem } from "../../gateway/schemas.ts";

/**
 * Why a call failed: ASCI said so (`problem`), nothing answered (`network`), or what answered was not
 * ASCI (`foreign`: a proxy's page, a cut-off body).
 */
export type ApiErrorCode = "problem" | "network" | "foreign";

/** The one error that calls of the API throw. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly problem: Problem | null;
  /** From `Retry-After`; null where the server named no time. */
  readonly retryAfterMs: number | null;

  constructor(
    code: ApiErrorCode,
    options: {
      status?: number;
      problem?: Problem;
      retryAfterMs?: number | null;
      cause?: unknown;
    } = {},
  ) {
    const { status = 0, problem = null, retryAfterMs = null, cause } = options;
    super(problem?.detail ?? `${code} ${status}`, { cause });
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** True where the sign-in is missing or has ended. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.code === "problem" && error.status === 401;
}

/** True where asking again later may well succeed without anyone changing anything. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.code !== "problem" || error.status === 429 || error.status >= 500;
}

/** `Retry-After` is seconds or an HTTP date (RFC 9110, 10.2.3). Milliseconds from now, or null. */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null || value.trim() === "") return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** True where a parsed body has the shape of a problem document. */
export function isProblem(body: unknown): body is Problem {
  if (typeof body !== "object" || body === null) return false;
  const it = body as Record<string, unknown>;
  return (
    typeof it["status"] === "number" &&
    typeof it["code"] === "string" &&
    typeof it["detail"] === "string"
  );
}

/** What was to be changed is not there any more. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && error.problem !== null;
}
