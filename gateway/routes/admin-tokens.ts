import { Hono } from "hono";
import { listAllTokens, revokeAnyToken, type AdminTokenRow } from "../../db/admin-tokens.ts";
import { writeAudit } from "../../db/audit.ts";
import { adminTokenSchema, type AdminToken } from "../admin-schemas.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller } from "../middleware/signed-in.ts";
import { notFound } from "../problem.ts";
import { listOf, type Scope } from "../schemas.ts";
import { decodeCursor, page, pathId, queryOf, searchableQuery, uuidShape } from "../validation.ts";

function shown({ lastSeenAt, scopes, ...row }: AdminTokenRow): AdminToken {
  return {
    ...row,
    scopes: scopes as Scope[],
    // Set when it is made, as a browser's is.
    lastUsedAt: lastSeenAt === row.createdAt ? null : lastSeenAt,
  };
}

export function adminTokenRoutes(deps: Deps) {
  const tag = "Administration: access tokens";
  return new Hono<AppEnv>()
    .get(
      "/admin/tokens",
      describe({
        tag,
        summary: "Everybody's tokens that hold, newest first; without their secrets",
        description: "`search` looks in their names, and in their people's.",
        status: 200,
        body: listOf(adminTokenSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(searchableQuery),
      async (c) => {
        const { limit, cursor, search } = c.req.valid("query");
        const rows = await listAllTokens(deps.db, {
          search,
          limit: limit + 1,
          cursor: decodeCursor(cursor, uuidShape),
        });
        return c.json(
          page(rows.map(shown), limit, (it) => it.id),
          200,
        );
      },
    )
    .delete(
      "/admin/tokens/:id",
      describe({
        tag,
        summary: "Revoke anybody's token; it is dead at once",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "token");
        const ended = await deps.db.transaction(async (tx) => {
          const token = await revokeAnyToken(tx, id);
          if (!token) return false;
          await writeAudit(tx, {
            ...auditedCaller(c),
            action: "token.revoke",
            outcome: "allowed",
            subjectKind: "token",
            subjectId: id,
            detail: { owner: token.username, name: token.name },
          });
          return true;
        });
        if (!ended) throw notFound("token");
        return c.body(null, 204);
      },
    );
}
