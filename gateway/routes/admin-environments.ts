import { Hono } from "hono";
import {
  deleteEntitlement,
  getAnyEnvironment,
  insertEntitlement,
  listAllEnvironments,
  updateEnvironment,
} from "../../db/admin-environments.ts";
import { audited, orConflict, reachOf, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { notFound, ProblemError } from "../problem.ts";
import { adminEnvironmentSchema, entitlementBody, patchEnvironmentBody } from "../admin-schemas.ts";
import { listOf } from "../schemas.ts";
import { decodeCursor, jsonBody, page, pathId, queryOf, searchQuery } from "../validation.ts";

const conflicts: Conflicts = {
  entitlements_once: ["already_open", "It is open to them already, with the same dates."],
  environments_check: [
    "above_limit",
    "It would take more cores than it may use, which is limited. Take fewer.",
  ],
  environments_check1: [
    "above_limit",
    "It would take more memory than it may use, which is limited. Take less.",
  ],
};

export function adminEnvironmentRoutes(deps: Deps) {
  const tag = "Administration: environments";
  const subjectKind = "environment";
  return new Hono<AppEnv>()
    .get(
      "/admin/environments",
      describe({
        tag,
        summary: "All environments, with to whom each is open",
        status: 200,
        body: listOf(adminEnvironmentSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(searchQuery),
      async (c) => {
        const { limit, cursor, search, sort } = c.req.valid("query");
        const rows = await listAllEnvironments(deps.db, reachOf(c), {
          search,
          limit: limit + 1,
          cursor: decodeCursor(cursor),
          descending: sort === "-name",
        });
        return c.json(
          page(rows, limit, (it) => it.slug),
          200,
        );
      },
    )
    .get(
      "/admin/environments/:id",
      describe({
        tag,
        summary: "One environment",
        status: 200,
        body: adminEnvironmentSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "environment");
        const found = await getAnyEnvironment(deps.db, reachOf(c), id);
        if (!found) throw notFound("environment");
        return c.json(found, 200);
      },
    )
    .patch(
      "/admin/environments/:id",
      describe({
        tag,
        summary:
          "Change how an environment is shown and what its instances take, or take it out of the catalogue",
        description: "What runs keeps what it has; `resources` hold from the next start.",
        status: 200,
        body: adminEnvironmentSchema,
        refusals: [400, 401, 403, 404, 409, 413],
      }),
      jsonBody(patchEnvironmentBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "environment");
        const body = c.req.valid("json");
        const act = { action: "environment.change", subjectKind, detail: body };
        await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) =>
            (await updateEnvironment(tx, id, body)) ? id : undefined,
          ),
        );
        const found = await getAnyEnvironment(deps.db, reachOf(c), id);
        if (!found) throw notFound("environment");
        return c.json(found, 200);
      },
    )
    .post(
      "/admin/environments/:id/entitlements",
      describe({
        tag,
        summary: "Open an environment to somebody",
        description:
          "`subject` is a beamline's or an experiment's code, a group's or a person's name; none for `everyone`. Staff open to their beamlines and these beamlines' experiments.",
        status: 201,
        body: adminEnvironmentSchema,
        refusals: [400, 401, 403, 404, 409, 413],
      }),
      jsonBody(entitlementBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "environment");
        const body = c.req.valid("json");
        if (!(await getAnyEnvironment(deps.db, reachOf(c), id))) throw notFound("environment");
        const act = { action: "entitlement.create", subjectKind, detail: body };
        const made = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) =>
            (await insertEntitlement(tx, reachOf(c), id, body)) ? id : undefined,
          ),
        );
        const found = await getAnyEnvironment(deps.db, reachOf(c), id);
        if (!found) throw notFound("environment");
        if (made === undefined) {
          const theirs = body.kind === "beamline" || body.kind === "experiment";
          const message =
            theirs || reachOf(c) === "all"
              ? `there is no ${body.kind} ${body.subject}`
              : "only administrators open to everyone, groups and people";
          throw new ProblemError(400, "validation", `subject: ${message}.`, {
            errors: [{ path: "subject", message }],
          });
        }
        return c.json(found, 201);
      },
    )
    .delete(
      "/admin/environments/:id/entitlements/:entitlementId",
      describe({
        tag,
        summary: "Take an entitlement back; what runs goes on",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "environment");
        const entitlementId = pathId(c.req.param("entitlementId"), "entitlement");
        const found = await getAnyEnvironment(deps.db, reachOf(c), id);
        const entitlement = found?.entitlements.find((it) => it.id === entitlementId);
        const act = { action: "entitlement.delete", subjectKind, detail: { ...entitlement } };
        const gone = await audited(deps, c, act, async (tx) =>
          (await deleteEntitlement(tx, reachOf(c), id, entitlementId)) ? id : undefined,
        );
        if (gone === undefined) throw notFound("entitlement");
        return c.body(null, 204);
      },
    );
}
