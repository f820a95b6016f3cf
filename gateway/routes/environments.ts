import { Hono } from "hono";
import { listEnvironments } from "../../db/environments.ts";
import { listOwnExperiments } from "../../db/own-experiments.ts";
import { readAvailability } from "../availability.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { signedIn } from "../middleware/signed-in.ts";
import { availabilityQuery, availabilitySchema } from "../use-schemas.ts";
import { judgeStart } from "../may-be-started.ts";
import { environmentSchema, listOf, ownExperimentSchema } from "../schemas.ts";
import {
  decodeCursor,
  decodeStartCursor,
  page,
  pageQuery,
  queryOf,
  searchableQuery,
  startCursorOf,
} from "../validation.ts";

export function environmentRoutes(deps: Deps) {
  const tag = "Catalogue";
  return new Hono<AppEnv>()
    .get(
      "/environments",
      describe({
        tag,
        summary: "What the caller may start",
        status: 200,
        body: listOf(environmentSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(pageQuery),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const rows = await listEnvironments(deps.db, signedIn(c).person.id, {
          limit: limit + 1,
          cursor: decodeCursor(cursor),
        });
        return c.json(
          page(rows, limit, (it) => it.slug),
          200,
        );
      },
    )
    .get(
      "/environments/:slug/availability",
      describe({
        tag,
        summary: "Whether there is room for one more now, and else when",
        description:
          "As a start would be decided if it were made now, behind whoever waits: nothing is kept by asking.",
        status: 200,
        body: availabilitySchema,
        refusals: [400, 401, 403, 404, 409],
      }),
      queryOf(availabilityQuery),
      async (c) => {
        const { version, experiment } = c.req.valid("query");
        const environment = c.req.param("slug");
        const userId = signedIn(c).person.id;
        const body = { environment, version, experiment };
        const verdict = await judgeStart(deps.db, { userId, body });
        if (!verdict.allowed) throw verdict.refusal;
        const { versionId, experimentId } = verdict;
        const wish = { userId, environment, versionId, experimentId };
        const answer = await deps.db.transaction((tx) => readAvailability(tx, wish), {
          isolationLevel: "repeatable read",
          accessMode: "read only",
        });
        return c.json(answer, 200);
      },
    )
    .get(
      "/experiments",
      describe({
        tag,
        summary: "The experiments the caller takes part in, newest first",
        status: 200,
        body: listOf(ownExperimentSchema),
        refusals: [400, 401, 403],
      }),
      queryOf(searchableQuery),
      async (c) => {
        const { limit, cursor, search } = c.req.valid("query");
        const rows = await listOwnExperiments(deps.db, signedIn(c).person.id, {
          search,
          limit: limit + 1,
          cursor: decodeStartCursor(cursor),
        });
        return c.json(page(rows, limit, startCursorOf), 200);
      },
    );
}
