/** What staff do with the stations of their beamlines. */
import { Hono, type Context } from "hono";
import type { Queryable } from "../../db/client.ts";
import {
  insertStation,
  listStations,
  revokeStation,
  setStationCode,
  setStationEnding,
} from "../../db/stations.ts";
import { audited, orConflict, reachOf, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { signedIn } from "../middleware/signed-in.ts";
import { notFound } from "../problem.ts";
import { codeLifeSeconds, hashStationCode, newStationCode } from "../station-codes.ts";
import {
  stationBody,
  stationCodeSchema,
  stationEndingBody,
  stationsSchema,
} from "../station-schemas.ts";
import { jsonBody, pathId } from "../validation.ts";

const conflicts: Conflicts = {
  station_names: ["name_taken", "This beamline has a station of that name. Choose another one."],
};

const beamlineOf = (c: Context<AppEnv>) => pathId(c.req.param("id"), "beamline");
const stationOf = (c: Context<AppEnv>) => pathId(c.req.param("stationId"), "station");

async function stationsOf(deps: Deps, c: Context<AppEnv>) {
  const found = await listStations(deps.db, reachOf(c), beamlineOf(c));
  if (!found) throw notFound("beamline");
  return found;
}

/** A new code, in the place of any before. @throws ProblemError 404 */
async function giveCode(
  deps: Deps,
  c: Context<AppEnv>,
  station: (tx: Queryable) => Promise<string | undefined>,
  act: { readonly action: string; readonly detail?: Record<string, unknown> },
) {
  const beamlineId = beamlineOf(c);
  const code = newStationCode();
  const codeHash = await hashStationCode(deps.sealingKey, code);
  let expiresAt: string | undefined;
  const made = await audited(deps, c, { ...act, subjectKind: "station" }, async (tx) => {
    const stationId = await station(tx);
    if (stationId === undefined) return undefined;
    const it = { beamlineId, stationId, codeHash };
    expiresAt = await setStationCode(tx, reachOf(c), it, codeLifeSeconds);
    return expiresAt === undefined ? undefined : stationId;
  });
  if (made === undefined || expiresAt === undefined) throw notFound("station or beamline");
  const { items } = await stationsOf(deps, c);
  const name = items.find((it) => it.id === made)?.name ?? "";
  return { id: made, name, code, expiresAt };
}

export function stationRoutes(deps: Deps) {
  const tag = "Administration: stations";
  return new Hono<AppEnv>()
    .get(
      "/admin/beamlines/:id/stations",
      describe({
        tag,
        summary: "A beamline's stations, by name; to staff those of their beamlines",
        status: 200,
        body: stationsSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => c.json(await stationsOf(deps, c), 200),
    )
    .post(
      "/admin/beamlines/:id/stations",
      describe({
        tag,
        summary: "Add a station; the answer has the code that its computer takes",
        description:
          "The code is good for 10 min and once, is told this once, and is typed at `/station` there.",
        status: 201,
        body: stationCodeSchema,
        refusals: [400, 401, 403, 404, 409, 413],
      }),
      jsonBody(stationBody),
      async (c) => {
        const { name } = c.req.valid("json");
        const createdBy = signedIn(c).person.id;
        const wish = { beamlineId: beamlineOf(c), name, createdBy };
        const act = { action: "station.create", detail: { name, beamline: wish.beamlineId } };
        const given = giveCode(deps, c, (tx) => insertStation(tx, reachOf(c), wish), act);
        return c.json(await orConflict(conflicts, given), 201);
      },
    )
    .patch(
      "/admin/beamlines/:id/stations",
      describe({
        tag,
        summary: "What becomes of people's own desktops there when an experiment ends",
        status: 200,
        body: stationsSchema,
        refusals: [400, 401, 403, 404, 413],
      }),
      jsonBody(stationEndingBody),
      async (c) => {
        const { ending } = c.req.valid("json");
        const beamlineId = beamlineOf(c);
        const detail = { stationEnding: ending };
        const act = { action: "beamline.change", subjectKind: "beamline", detail };
        await audited(deps, c, act, async (tx) =>
          (await setStationEnding(tx, reachOf(c), beamlineId, ending)) ? beamlineId : undefined,
        );
        return c.json(await stationsOf(deps, c), 200);
      },
    )
    .post(
      "/admin/beamlines/:id/stations/:stationId/codes",
      describe({
        tag,
        summary: "A new code for a station, e.g. for another computer in its place",
        description:
          "The computer that is the station now goes on until another one takes the code.",
        status: 201,
        body: stationCodeSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = stationOf(c);
        return c.json(await giveCode(deps, c, async () => id, { action: "station.code" }), 201);
      },
    )
    .delete(
      "/admin/beamlines/:id/stations/:stationId",
      describe({
        tag,
        summary: "Revoke a station",
        description:
          "Its computer is signed out at once, its connections to desktops are closed within a second, and the desktops of its own account end. Those of people stay theirs.",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const it = { beamlineId: beamlineOf(c), stationId: stationOf(c) };
        const act = { action: "station.revoke", subjectKind: "station" };
        const gone = await audited(deps, c, act, async (tx) =>
          (await revokeStation(tx, reachOf(c), it)) ? it.stationId : undefined,
        );
        if (gone === undefined) throw notFound("station");
        return c.body(null, 204);
      },
    );
}
