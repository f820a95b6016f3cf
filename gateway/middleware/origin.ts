import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../deps.ts";
import { ProblemError } from "../problem.ts";
import { tokenOf } from "./signed-in.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A request that changes state and could carry a cookie must say that it comes from our own pages.
 * Browsers send Origin with every such request; what sends none is not one of our pages.
 */
export const requireSameOrigin = createMiddleware<AppEnv>(async (c, next) => {
  // No page of another site can send a token, and beside one no cookie counts.
  if (!safeMethods.has(c.req.method) && tokenOf(c) === undefined) {
    const origin = c.req.header("origin");
    if (origin === undefined)
      throw new ProblemError(
        403,
        "origin_missing",
        "A request that changes something needs an Origin header with this site's own address.",
      );
    if (origin !== c.get("peer").origin)
      throw new ProblemError(
        403,
        "origin_foreign",
        `This request came from another site's page. If the site's own address differs from ${c.get("peer").origin}, set ASCI_PUBLIC_URL.`,
      );
  }
  await next();
});
