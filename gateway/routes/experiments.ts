import { Hono, type Context } from "hono";
import {
  deleteExperiment,
  getExperiment,
  insertExperiment,
  listExperiments,
  updateExperiment,
} from "../../db/experiments.ts";
import { setRoster } from "../../db/rosters.ts";
import { audited, orConflict, reachOf, refuseUnknownPeople, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { notFound, ProblemError } from "../problem.ts";
import {
  experimentBody,
  experimentListQuery,
  experimentListSchema,
  experimentSchema,
  patchExperimentBody,
} from "../admin-schemas.ts";
import {
  decodeStartCursor,
  jsonBody,
  page,
  pathId,
  queryOf,
  startCursorOf,
} from "../validation.ts";

const conflicts: Conflicts = {
  experiment_codes: ["code_taken", "Another experiment has this code. Choose another one."],
  instances_experiment_id_fkey: [
    "experiment_in_use",
    "Desktops were started for it, which is part of their history. Remove its members instead.",
  ],
  experiment_begins_before_it_ends: [
    "ends_before_start",
    "It would end before it begins. Change both dates, or another one.",
  ],
};

/**
 * A path is mounted into desktops: who may name any could read any, or write where they may only read.
 * @throws ProblemError 403
 */
function refuseData(c: Context<AppEnv>, named: boolean): void {
  if (reachOf(c) === "all" || !named) return;
  throw new ProblemError(
    403,
    "role_missing",
    "Only an administrator says where an experiment's data lies, and who may write to it. Leave dataPath and dataAccess as they are.",
  );
}

export function experimentRoutes(deps: Deps) {
  const tag = "Administration: experiments";
  const subjectKind = "experiment";
  return new Hono<AppEnv>()
    .get(
      "/admin/experiments",
      describe({
        tag,
        summary: "Experiments, by start; to staff those of their beamlines",
        status: 200,
        body: experimentListSchema,
        refusals: [400, 401, 403],
      }),
      queryOf(experimentListQuery),
      async (c) => {
        const { limit, cursor, search, sort, beamline } = c.req.valid("query");
        const rows = await listExperiments(deps.db, reachOf(c), {
          search,
          beamline: beamline ?? null,
          limit: limit + 1,
          cursor: decodeStartCursor(cursor),
          descending: sort === "-startsAt",
        });
        return c.json(page(rows, limit, startCursorOf), 200);
      },
    )
    .post(
      "/admin/experiments",
      describe({
        tag,
        summary: "Add an experiment",
        status: 201,
        body: experimentSchema,
        refusals: [400, 401, 403, 409, 413],
      }),
      jsonBody(experimentBody),
      async (c) => {
        const body = c.req.valid("json");
        refuseData(c, body.dataPath !== null || body.dataAccess !== "write");
        const act = { action: "experiment.create", subjectKind, detail: body };
        const id = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) => {
            const made = await insertExperiment(tx, reachOf(c), body);
            if (made === undefined) return undefined;
            refuseUnknownPeople(await setRoster(tx, "experiment", made, body.members), "members");
            return made;
          }),
        );
        if (id === undefined) {
          const message = `there is no beamline ${body.beamline}, or it is not yours`;
          throw new ProblemError(400, "validation", `beamline: ${message}.`, {
            errors: [{ path: "beamline", message }],
          });
        }
        const made = await getExperiment(deps.db, "all", id);
        if (!made) throw notFound("experiment");
        return c.json(made, 201);
      },
    )
    .get(
      "/admin/experiments/:id",
      describe({
        tag,
        summary: "One experiment with its members",
        status: 200,
        body: experimentSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "experiment");
        const found = await getExperiment(deps.db, reachOf(c), id);
        if (!found) throw notFound("experiment");
        return c.json(found, 200);
      },
    )
    .patch(
      "/admin/experiments/:id",
      describe({
        tag,
        summary: "Change an experiment; `members` are all who take part",
        description:
          "Who is no longer a member starts nothing for it any more; what they run goes on.",
        status: 200,
        body: experimentSchema,
        refusals: [400, 401, 403, 404, 409, 413],
      }),
      jsonBody(patchExperimentBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "experiment");
        const body = c.req.valid("json");
        refuseData(c, body.dataPath !== undefined || body.dataAccess !== undefined);
        const act = { action: "experiment.change", subjectKind, detail: body };
        const known = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) => {
            if (!(await updateExperiment(tx, reachOf(c), id, body))) return undefined;
            if (body.members)
              refuseUnknownPeople(await setRoster(tx, "experiment", id, body.members), "members");
            return id;
          }),
        );
        const found = known && (await getExperiment(deps.db, reachOf(c), id));
        if (!found) throw notFound("experiment");
        return c.json(found, 200);
      },
    )
    .delete(
      "/admin/experiments/:id",
      describe({
        tag,
        summary: "Remove an experiment for which nothing was started",
        status: 204,
        refusals: [401, 403, 404, 409],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "experiment");
        const found = await getExperiment(deps.db, reachOf(c), id);
        if (!found) throw notFound("experiment");
        // To make it anew would be to say where its data lies.
        refuseData(c, found.dataPath !== null || found.dataAccess !== "write");
        const { code, members } = found;
        const detail = { code, members: members.map((it) => it.username) };
        const act = { action: "experiment.delete", subjectKind, detail };
        const gone = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) =>
            (await deleteExperiment(tx, reachOf(c), id)) ? id : undefined,
          ),
        );
        if (gone === undefined) throw notFound("experiment");
        return c.body(null, 204);
      },
    );
}
