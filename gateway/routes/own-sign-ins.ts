import { Hono } from "hono";
import { writeAudit } from "../../db/audit.ts";
import { listOwnSignIns, revokeOwnSignIn } from "../../db/own-sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller, setSignInCookie, signedIn } from "../middleware/signed-in.ts";
import { notFound } from "../problem.ts";
import { listOf, ownSignInSchema } from "../schemas.ts";
import { decodeCursor, page, pageQuery, pathId, queryOf, uuidShape } from "../validation.ts";

export function ownSignInRoutes(deps: Deps) {
  const tag = "Sign-in";
  return new Hono<AppEnv>()
    .get(
      "/sign-ins",
      describe({
        tag,
        summary: "Where the caller is signed in, newest first",
        status: 200,
        body: listOf(ownSignInSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(pageQuery),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const { id: current, person } = signedIn(c);
        const rows = await listOwnSignIns(
          deps.db,
          { userId: person.id, kind: "browser" },
          { limit: limit + 1, cursor: decodeCursor(cursor, uuidShape) },
        );
        const shown = rows.map(({ name: _name, scopes: _scopes, ...it }) => ({
          ...it,
          current: it.id === current,
        }));
        return c.json(
          page(shown, limit, (it) => it.id),
          200,
        );
      },
    )
    .delete(
      "/sign-ins/:id",
      describe({
        tag,
        summary: "Sign out there",
        description:
          "Its cookie is dead at once, and its connections to desktops are closed within a second. The desktops run on.",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "sign-in");
        const { id: current, person } = signedIn(c);
        const ended = await deps.db.transaction(async (tx) => {
          if (!(await revokeOwnSignIn(tx, { userId: person.id, kind: "browser", id })))
            return false;
          await writeAudit(tx, {
            ...auditedCaller(c),
            action: "sign_out",
            outcome: "allowed",
            subjectKind: "user",
            subjectId: person.id,
            detail: { signIn: id },
          });
          return true;
        });
        if (!ended) throw notFound("sign-in");
        if (id === current) setSignInCookie(c, "", 0);
        return c.body(null, 204);
      },
    );
}
