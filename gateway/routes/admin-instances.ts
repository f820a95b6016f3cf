import { Hono } from "hono";
import { getAnyInstance, listAllInstances } from "../../db/admin-instances.ts";
import { writeAudit } from "../../db/audit.ts";
import { retrying } from "../../db/errors.ts";
import { wishInstance } from "../../db/instances.ts";
import {
  adminInstanceDetailSchema,
  adminInstanceSchema,
  instanceListQuery,
} from "../admin-schemas.ts";
import { reachOf } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller, signedIn } from "../middleware/signed-in.ts";
import { notFound } from "../problem.ts";
import { listOf } from "../schemas.ts";
import { stateForbids } from "../state-forbids.ts";
import { creationCursorOf, decodeCreationCursor, page, pathId, queryOf } from "../validation.ts";

export function adminInstanceRoutes(deps: Deps) {
  const tag = "Administration: instances";
  return new Hono<AppEnv>()
    .get(
      "/admin/instances",
      describe({
        tag,
        summary: "Everybody's instances: what lives, then what has ended, each the newest first",
        description: "Staff see those that were started for an experiment at a beamline of theirs.",
        status: 200,
        body: listOf(adminInstanceSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(instanceListQuery),
      async (c) => {
        const { limit, cursor, state, ...filter } = c.req.valid("query");
        const rows = await listAllInstances(deps.db, reachOf(c), {
          ...filter,
          state: state ?? null,
          limit: limit + 1,
          cursor: decodeCreationCursor(cursor),
        });
        const { items, nextCursor } = page(rows, limit, creationCursorOf);
        return c.json(
          { items: items.map(({ at: _at, live: _live, ...it }) => it), nextCursor },
          200,
        );
      },
    )
    .get(
      "/admin/instances/:id",
      describe({
        tag,
        summary: "One instance of anybody's, with why it is where it is",
        status: 200,
        body: adminInstanceDetailSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "instance");
        const found = await getAnyInstance(deps.db, reachOf(c), id);
        if (!found) throw notFound("instance");
        return c.json(found, 200);
      },
    )
    .post(
      "/admin/instances/:id/stop",
      describe({
        tag,
        summary: "Stop somebody's instance; their home folder stays, what ran in it does not",
        description: "Its owner reads who did it with `GET /api/instances/:id/audit`.",
        status: 202,
        body: adminInstanceDetailSchema,
        refusals: [401, 403, 404, 409],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "instance");
        const reach = reachOf(c);
        if (!(await getAnyInstance(deps.db, reach, id))) throw notFound("instance");
        const outcome = await retrying(() =>
          deps.db.transaction(async (tx) => {
            const by = { staff: signedIn(c).person.id };
            const made = await wishInstance(tx, { by, instanceId: id, action: "stop" });
            if (made.kind === "unknown") return made;
            await writeAudit(tx, {
              ...auditedCaller(c),
              action: "instance.stop",
              outcome: made.kind === "accepted" ? "allowed" : "refused",
              subjectKind: "instance",
              subjectId: id,
            });
            return made;
          }),
        );
        if (outcome.kind === "refused") throw stateForbids(outcome, "stop");
        const found = await getAnyInstance(deps.db, reach, id);
        if (!found) throw notFound("instance");
        return c.json(found, 202);
      },
    );
}
