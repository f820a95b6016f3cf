import { Hono } from "hono";
import {
  listAllTokens,
  revokeAnyToken,
  type AdminTokenRow,
  type TokenOrder,
} from "../../db/admin-tokens.ts";
import { writeAudit } from "../../db/audit.ts";
import type { Placed } from "../../db/ordered.ts";
import { adminTokenSchema, type AdminToken } from "../admin-schemas.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller } from "../middleware/signed-in.ts";
import { notFound } from "../problem.ts";
import { listOf, type Scope } from "../schemas.ts";
import { orderCursorOf, orderOf, page, pathId, queryOf, tokenListQuery } from "../validation.ts";

const shown = ({ at: _at, scopes, ...row }: AdminTokenRow & Placed): AdminToken => ({
  ...row,
  scopes: scopes as Scope[],
});

export function adminTokenRoutes(deps: Deps) {
  const tag = "Administration: access tokens";
  return new Hono<AppEnv>()
    .get(
      "/admin/tokens",
      describe({
        tag,
        summary: "Everybody's tokens that hold; without their secrets",
        description: "`search` looks in their names, and in their people's.",
        status: 200,
        body: listOf(adminTokenSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(tokenListQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const rows = await listAllTokens(deps.db, {
          search,
          limit: limit + 1,
          ...orderOf<TokenOrder>(sort, cursor, ["person"]),
        });
        const { items, nextCursor } = page(rows, limit, orderCursorOf(sort));
        return c.json({ items: items.map(shown), nextCursor }, 200);
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
