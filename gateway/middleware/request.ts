import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import type { AppEnv, Deps } from "../deps.ts";
import { withinTimeLimit } from "../time-limit.ts";

/**
 * Names the request, tells where it comes from, and writes it down with its route's template: the
 * path itself can hold ids, the query could hold anything, so neither is logged.
 */
export function requestContext(deps: Deps) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const started = performance.now();
    c.set("requestId", crypto.randomUUID());
    c.set("peer", deps.peer(c.req.raw, c.env));
    c.header("x-request-id", c.get("requestId"));
    await next();
    const seconds = (performance.now() - started) / 1000;
    const labels = {
      method: c.req.method,
      // The handler's template, not those of the middleware before it.
      route: matchedRoutes(c).findLast((it) => !it.path.endsWith("*"))?.path ?? "(none)",
      status: c.res.status,
    };
    deps.metrics.request(labels, seconds);
    const fields = { ...labels, requestId: c.get("requestId"), ms: Math.round(seconds * 1000) };
    if (c.res.status >= 500) deps.log.warn(fields, "request failed");
  });
}

/** Headers for answers of the API; pages get a policy of their own with the built UI. */
export const apiHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  c.header("x-content-type-options", "nosniff");
  c.header("referrer-policy", "no-referrer");
  c.header("cross-origin-resource-policy", "same-origin");
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  if (!c.res.headers.has("content-security-policy"))
    c.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
});

/** Nobody waits for ever. A stream has begun by then, and is not cut off. */
export const limitTime = createMiddleware<AppEnv>((_, next) => withinTimeLimit(next()));
