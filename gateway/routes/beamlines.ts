import { Hono } from "hono";
import {
  deleteBeamline,
  getBeamline,
  insertBeamline,
  listBeamlines,
  updateBeamline,
} from "../../db/beamlines.ts";
import { setRoster } from "../../db/rosters.ts";
import { audited, orConflict, reachOf, refuseUnknownPeople, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { notFound } from "../problem.ts";
import { beamlineBody, beamlineSchema, patchBeamlineBody } from "../admin-schemas.ts";
import { listOf } from "../schemas.ts";
import { decodeCursor, jsonBody, page, pathId, queryOf, searchQuery } from "../validation.ts";

const conflicts: Conflicts = {
  beamline_codes: ["code_taken", "Another beamline has this code. Choose another one."],
  station_has_a_beamline: [
    "beamline_in_use",
    "It has stations. Revoke them first, or leave the beamline.",
  ],
  experiments_beamline_id_fkey: [
    "beamline_in_use",
    "It has experiments. Delete them first, or leave the beamline.",
  ],
};

export function beamlineRoutes(deps: Deps) {
  const tag = "Administration: beamlines";
  const subjectKind = "beamline";
  return new Hono<AppEnv>()
    .get(
      "/admin/beamlines",
      describe({
        tag,
        summary: "Beamlines, by code; to staff those that they look after",
        status: 200,
        body: listOf(beamlineSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(searchQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const rows = await listBeamlines(deps.db, reachOf(c), {
          search,
          limit: limit + 1,
          cursor: decodeCursor(cursor),
          descending: sort === "-name",
        });
        return c.json(
          page(rows, limit, (it) => it.code.toLowerCase()),
          200,
        );
      },
    )
    .post(
      "/admin/beamlines",
      describe({
        tag,
        summary: "Add a beamline",
        status: 201,
        body: beamlineSchema,
        refusals: [400, 401, 403, 409, 413],
      }),
      jsonBody(beamlineBody),
      async (c) => {
        const body = c.req.valid("json");
        const act = { action: "beamline.create", subjectKind, detail: body };
        const id = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) => {
            const made = await insertBeamline(tx, body);
            refuseUnknownPeople(await setRoster(tx, "beamline", made, body.staff), "staff");
            return made;
          }),
        );
        const made = await getBeamline(deps.db, "all", id ?? "");
        if (!made) throw notFound("beamline");
        return c.json(made, 201);
      },
    )
    .get(
      "/admin/beamlines/:id",
      describe({
        tag,
        summary: "One beamline",
        status: 200,
        body: beamlineSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "beamline");
        const found = await getBeamline(deps.db, reachOf(c), id);
        if (!found) throw notFound("beamline");
        return c.json(found, 200);
      },
    )
    .patch(
      "/admin/beamlines/:id",
      describe({
        tag,
        summary: "Change a beamline; `staff` are all who look after it",
        status: 200,
        body: beamlineSchema,
        refusals: [400, 401, 403, 404, 413],
      }),
      jsonBody(patchBeamlineBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "beamline");
        const body = c.req.valid("json");
        const act = { action: "beamline.change", subjectKind, detail: body };
        await audited(deps, c, act, async (tx) => {
          if (!(await updateBeamline(tx, id, body))) return undefined;
          if (body.staff)
            refuseUnknownPeople(await setRoster(tx, "beamline", id, body.staff), "staff");
          return id;
        });
        const found = await getBeamline(deps.db, "all", id);
        if (!found) throw notFound("beamline");
        return c.json(found, 200);
      },
    )
    .delete(
      "/admin/beamlines/:id",
      describe({
        tag,
        summary: "Remove a beamline that has no experiments",
        status: 204,
        refusals: [401, 403, 404, 409],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "beamline");
        const found = await getBeamline(deps.db, "all", id);
        const detail = { code: found?.code, staff: found?.staff };
        const act = { action: "beamline.delete", subjectKind, detail };
        const gone = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) => ((await deleteBeamline(tx, id)) ? id : undefined)),
        );
        if (gone === undefined) throw notFound("beamline");
        return c.body(null, 204);
      },
    );
}
