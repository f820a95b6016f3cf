import { sql } from "drizzle-orm";
import { Hono } from "hono";
import { z } from "zod";
import { jwksMaxAgeSeconds } from "../../db/key-schedule.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { guard } from "../middleware/guard.ts";
import { ProblemError } from "../problem.ts";

const checkSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  ms: z.number(),
  error: z.string().optional(),
});
const readySchema = z.object({ ready: z.boolean(), checks: z.array(checkSchema) });

/** How long one dependency may take before it counts as failed. */
const checkLimitMs = 3000;

async function check(
  name: string,
  attempt: () => Promise<unknown>,
): Promise<z.infer<typeof checkSchema>> {
  const started = performance.now();
  const ms = () => Math.round((performance.now() - started) * 10) / 10;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${checkLimitMs} ms`)),
      checkLimitMs,
    );
  });
  try {
    await Promise.race([attempt(), limit]);
    return { name, ok: true, ms: ms() };
  } catch (error) {
    // Only what kind of fault: the page is public, and messages can name hosts and users.
    const kind =
      error instanceof Error && error.message.startsWith("no answer") ? error.message : "failed";
    return { name, ok: false, ms: ms(), error: kind };
  } finally {
    clearTimeout(timer);
  }
}

export function healthRoutes(deps: Deps) {
  const tag = "Health";
  return new Hono<AppEnv>()
    .get(
      "/healthz",
      describe({
        tag,
        summary: "Alive; touches nothing",
        status: 200,
        body: z.object({ ok: z.boolean() }),
        refusals: [],
      }),
      (c) => c.json({ ok: true }, 200),
    )
    .get(
      "/readyz",
      describe({
        tag,
        summary: "Each dependency and how long it took",
        status: 200,
        body: readySchema,
        refusals: [503],
      }),
      async (c) => {
        // At once: whoever balances the load has little time to learn of it.
        if (deps.draining.aborted) {
          const error = "this gateway is being stopped; new requests belong elsewhere";
          return c.json(
            { ready: false, checks: [{ name: "draining", ok: false, ms: 0, error }] },
            503,
          );
        }
        const checks = await Promise.all([
          check("database", () => deps.db.execute(sql`select schema_version()`)),
          check("signing keys", () => deps.keys.signer()),
        ]);
        const ready = checks.every((it) => it.ok);
        return c.json({ ready, checks }, ready ? 200 : 503);
      },
    )
    .get(
      "/metrics",
      describe({
        tag,
        summary: "Prometheus text; needs the role monitor or admin",
        status: 200,
        body: z.string(),
        media: "text/plain",
        refusals: [401, 403, 404],
      }),
      guard(deps),
      async (c) => {
        const text = await deps.metrics.text();
        if (text === undefined)
          throw new ProblemError(
            404,
            "no_metrics",
            "This gateway counts nothing, as the platform that runs it does. Ask a gateway on Node, or the platform.",
          );
        return c.text(text, 200, { "content-type": "text/plain; version=0.0.4" });
      },
    )
    .get(
      "/.well-known/jwks.json",
      describe({
        tag,
        summary: "Public keys of tickets (RFC 7517)",
        status: 200,
        body: z.object({ keys: z.array(z.record(z.string(), z.string())) }),
        refusals: [],
      }),
      async (c) =>
        c.json(await deps.keys.jwks(), 200, {
          "cache-control": `public, max-age=${jwksMaxAgeSeconds}`,
        }),
    );
}
