import { Hono } from "hono";
import {
  cancelReservation,
  getReservation,
  insertReservation,
  listReservations,
  lockReservation,
  updateReservation,
} from "../../db/reservations.ts";
import { audited, orConflict, reachOf, type Conflicts } from "../audited.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { signedIn } from "../middleware/signed-in.ts";
import { notFound, ProblemError } from "../problem.ts";
import { refuseTooLarge, reservationDetail } from "../reservation-checks.ts";
import {
  patchReservationBody,
  reservationBody,
  reservationDetailSchema,
  reservationListQuery,
  reservationListSchema,
  reservationProblemSchema,
} from "../reservation-schemas.ts";
import { withSeatsTaken } from "../reservation-seats.ts";
import { refuseSelector } from "../selector-faults.ts";
import {
  decodeStartCursor,
  jsonBody,
  page,
  pathId,
  queryOf,
  startCursorOf,
} from "../validation.ts";

const tag = "Administration: reservations";
const subjectKind = "reservation";
const meanings = {
  409: ["There is no such room, or the state does not allow it", reservationProblemSchema],
} as const;
const conflicts: Conflicts = {
  ends_after_it_begins: [
    "ends_before_start",
    "It would end before it begins. Change both times, or another one.",
  ],
};

const refuse = (path: string, message: string) =>
  new ProblemError(400, "validation", `${path}: ${message}.`, { errors: [{ path, message }] });

function refuseOver(until: string): void {
  if (Date.parse(until) <= Date.now()) throw refuse("until", "it would be over already");
}

function readRoutes(deps: Deps) {
  return new Hono<AppEnv>()
    .get(
      "/admin/reservations",
      describe({
        tag,
        summary: "Reservations, by their begin; to staff those of their beamlines",
        status: 200,
        body: reservationListSchema,
        refusals: [400, 401, 403],
      }),
      queryOf(reservationListQuery),
      async (c) => {
        const { limit, cursor, search, from, until, cancelled } = c.req.valid("query");
        const rows = await listReservations(deps.db, reachOf(c), {
          search,
          from: from ?? null,
          until: until ?? null,
          cancelled: cancelled === "true",
          limit: limit + 1,
          cursor: decodeStartCursor(cursor),
        });
        return c.json(
          page(await withSeatsTaken(deps.db, rows), limit, (it) =>
            startCursorOf({ startsAt: it.from, id: it.id }),
          ),
          200,
        );
      },
    )
    .get(
      "/admin/reservations/:id",
      describe({
        tag,
        summary: "One reservation, with those that it overlaps with",
        status: 200,
        body: reservationDetailSchema,
        refusals: [401, 403, 404],
      }),
      async (c) =>
        c.json(
          await reservationDetail(deps.db, reachOf(c), pathId(c.req.param("id"), "reservation")),
          200,
        ),
    );
}

function writeRoutes(deps: Deps) {
  return new Hono<AppEnv>()
    .post(
      "/admin/reservations",
      describe({
        tag,
        summary: "Keep capacity for an experiment, a group or a beamline's people for a time",
        description:
          "`subject` is the code of the experiment or beamline, or the group's name; staff reserve for their beamlines and these beamlines' experiments. What all nodes that match could never hold is a 409 `reservation_too_large` with the numbers; overlaps with others are told.",
        status: 201,
        body: reservationDetailSchema,
        refusals: [400, 401, 403, 409, 413],
        meanings,
      }),
      jsonBody(reservationBody),
      async (c) => {
        const body = c.req.valid("json");
        refuseSelector("selector", body.selector);
        refuseOver(body.until);
        const { person } = signedIn(c);
        const by = { id: person.id, name: person.username };
        const act = { action: "reservation.create", subjectKind, detail: body };
        const id = await audited(deps, c, act, async (tx) => {
          const made = await insertReservation(tx, reachOf(c), by, body);
          const row = made && (await getReservation(tx, "all", made));
          if (row) await refuseTooLarge(tx, row);
          return made;
        });
        if (id === undefined) {
          const yours = reachOf(c) === "all" ? "" : ", or it is not yours";
          throw refuse("subject", `there is no ${body.kind} ${body.subject}${yours}`);
        }
        return c.json(await reservationDetail(deps.db, reachOf(c), id), 201);
      },
    )
    .patch(
      "/admin/reservations/:id",
      describe({
        tag,
        summary: "Change a reservation; whom it is for stays",
        status: 200,
        body: reservationDetailSchema,
        refusals: [400, 401, 403, 404, 409, 413],
        meanings,
      }),
      jsonBody(patchReservationBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "reservation");
        const body = c.req.valid("json");
        refuseSelector("selector", body.selector);
        const act = { action: "reservation.change", subjectKind, detail: body };
        const known = await orConflict(
          conflicts,
          audited(deps, c, act, async (tx) => {
            await lockReservation(tx, id);
            const row = await getReservation(tx, reachOf(c), id);
            if (!row) return undefined;
            if (row.cancelledAt !== null)
              throw new ProblemError(
                409,
                "reservation_cancelled",
                "It was called off. Make another one.",
              );
            const next = { ...row, ...definedOf(body) };
            if (body.until !== undefined) refuseOver(body.until);
            await updateReservation(tx, id, next);
            await refuseTooLarge(tx, next);
            return id;
          }),
        );
        return c.json(await reservationDetail(deps.db, reachOf(c), known), 200);
      },
    )
    .delete(
      "/admin/reservations/:id",
      describe({
        tag,
        summary: "Call a reservation off; what it was stays to be read",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "reservation");
        const act = { action: "reservation.cancel", subjectKind };
        await audited(deps, c, act, async (tx) =>
          (await cancelReservation(tx, reachOf(c), id)) ? id : undefined,
        );
        // Once more is no news, and no fault.
        if (!(await getReservation(deps.db, reachOf(c), id))) throw notFound("reservation");
        return c.body(null, 204);
      },
    );
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };
const definedOf = <T extends object>(it: T) =>
  Object.fromEntries(Object.entries(it).filter(([, value]) => value !== undefined)) as Partial<
    Defined<T>
  >;

export function reservationRoutes(deps: Deps) {
  return new Hono<AppEnv>().route("/", readRoutes(deps)).route("/", writeRoutes(deps));
}
