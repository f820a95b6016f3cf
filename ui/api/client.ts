import { learnFromAnswer } from "./clock.ts";
import { ApiError, isProblem, isSignedOut, parseRetryAfter } from "./errors.ts";

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is, in place of a JSON body. */
  readonly file?: { readonly content: Blob; readonly type: string };
  readonly signal?: AbortSignal;
  readonly idempotencyKey?: string;
}

let onSignedOut = (): void => {};

/** What to do when a call is refused because nobody is signed in any more. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

/** A server that neither answers nor closes must not leave a person waiting for ever. */
const timeoutMs = 20_000;

/**
 * One call of the JSON API on this origin. Returns the parsed body, or `undefined` for 204.
 *
 * @throws {ApiError} for everything but a 2xx with a JSON body; an abort by `options.signal` is
 * passed through as it is.
 */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  if (options.file !== undefined) headers["content-type"] = options.file.type;
  if (options.idempotencyKey !== undefined) headers["idempotency-key"] = options.idempotencyKey;
  // AbortSignal.any is too young for the iPads that facilities own.
  const abort = new AbortController();
  const giveUp = (): void => abort.abort();
  const timer = setTimeout(giveUp, timeoutMs);
  options.signal?.addEventListener("abort", giveUp);
  const sentMs = Date.now();
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      // A wish that is made while its page closes still arrives; browsers refuse that to long bodies.
      keepalive: method === "POST" && options.file === undefined,
      signal: abort.signal,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.file === undefined ? {} : { body: options.file.content }),
    });
    learnFromAnswer(response.headers, sentMs, Date.now());
    text = await response.text();
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError("network", { cause });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", giveUp);
  }
  try {
    return readAnswer<T>(response, text);
  } catch (error) {
    if (isSignedOut(error) && !ownRefusals.has(path)) onSignedOut();
    throw error;
  }
}

/** A 401 of these is about what was typed, or the very answer that was asked for. */
const ownRefusals = new Set([
  "/api/auth/login",
  "/api/me",
  "/api/stations/enrol",
  "/api/station/starts",
]);

function readAnswer<T>(response: Response, text: string): T {
  const { status } = response;
  // The types promise what the API's schema says; a 204 is called for with T = void.
  if (status === 204) return undefined as T;
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), Date.now());
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ApiError("foreign", { status, retryAfterMs, cause });
  }
  if (response.ok) return body as T;
  if (isProblem(body)) throw new ApiError("problem", { status, problem: body, retryAfterMs });
  throw new ApiError("foreign", { status, retryAfterMs });
}
