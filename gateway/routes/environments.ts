import { Hono } from "hono";
import { listEnvironments } from "../../db/environments.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { environmentSchema, listOf } from "../schemas.ts";
import { decodeCursor, page, pageQuery, queryOf } from "../validation.ts";

export function environmentRoutes(deps: Deps) {
  return new Hono<AppEnv>().get(
    "/environments",
    describe({
      tag: "Catalogue",
      summary: "What the caller may start",
      status: 200,
      body: listOf(environmentSchema),
      refusals: [400, 401],
    }),
    queryOf(pageQuery),
    async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const rows = await listEnvironments(deps.db, {
        limit: limit + 1,
        cursor: decodeCursor(cursor),
      });
      return c.json(
        page(rows, limit, (it) => it.slug),
        200,
      );
    },
  );
}
