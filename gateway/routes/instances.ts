import { Hono, type Context } from "hono";
import { getAtStation, type AtStation } from "../../db/at-station.ts";
import { writeAudit, writeRefusal } from "../../db/audit.ts";
import { findStartQuestion, mayStart } from "../../db/entitlement.ts";
import { retrying } from "../../db/errors.ts";
import { findConnectable, getInstance, listInstances, wishInstance } from "../../db/instances.ts";
import { extendInstance } from "../../db/lifetimes.ts";
import type { PersonRow } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { auditedCaller, signedIn } from "../middleware/signed-in.ts";
import { notFound, ProblemError } from "../problem.ts";
import {
  instanceSchema,
  listOf,
  startBody,
  ticketBody,
  ticketSchema,
  type Instance,
} from "../schemas.ts";
import { stateForbids } from "../state-forbids.ts";
import { startInstance } from "../start.ts";
import { issueTicket } from "../tickets.ts";
import {
  decodeCursor,
  jsonBody,
  page,
  pageQuery,
  pathId,
  queryOf,
  uuidShape,
} from "../validation.ts";
import { isTooMany, refuseTooMany, tooManyMeaning } from "../waiting-limit.ts";

const tag = "Instances";

async function noteRefusedRestart(
  deps: Deps,
  c: Context<AppEnv>,
  { id, reason }: { id: string; reason: string },
): Promise<void> {
  await writeRefusal(deps.db, {
    ...auditedCaller(c),
    action: "instance.restart",
    outcome: "refused",
    subjectKind: "instance",
    subjectId: id,
    detail: { reason },
  });
}

/**
 * To start again is to start: what is no longer open to them stays as it is.
 * @throws ProblemError 409
 */
async function refuseRestart(deps: Deps, c: Context<AppEnv>, id: string): Promise<void> {
  const question = await findStartQuestion(deps.db, signedIn(c).person.id, id);
  const verdict = question && (await mayStart(deps.db, question));
  if (!verdict || verdict.allowed) return;
  await noteRefusedRestart(deps, c, { id, reason: verdict.code });
  const experiment = question.experiment ? ` for experiment ${question.experiment}` : "";
  throw new ProblemError(
    409,
    "no_longer_open",
    `${question.environment} is no longer open to you${experiment}, so it cannot be started again. Your home folder stays.`,
  );
}

/** Records a wish for one of the caller's instances, and gives it back as it is then. */
async function wish(deps: Deps, c: Context<AppEnv>, action: "stop" | "restart"): Promise<Instance> {
  const id = pathId(c.req.param("id"), "instance");
  const { person } = signedIn(c);
  if (action === "restart") await refuseRestart(deps, c, id);
  // The wish and its audit row stand or fall together.
  const outcome = await retrying(() =>
    deps.db.transaction(async (tx) => {
      const made = await wishInstance(tx, { by: { owner: person.id }, instanceId: id, action });
      if (made.kind === "unknown") return made;
      await writeAudit(tx, {
        ...auditedCaller(c),
        action: `instance.${action}`,
        outcome: made.kind === "accepted" ? "allowed" : "refused",
        subjectKind: "instance",
        subjectId: id,
      });
      if (action === "restart" && made.kind === "accepted") await refuseTooMany(tx, person.id);
      return made;
    }),
  ).catch(async (error: unknown) => {
    if (isTooMany(error)) await noteRefusedRestart(deps, c, { id, reason: error.code });
    throw error;
  });
  if (outcome.kind === "unknown") throw notFound("instance");
  if (outcome.kind === "refused") throw stateForbids(outcome, action);
  const instance = await getInstance(deps.db, person.id, id);
  if (!instance) throw notFound("instance");
  return instance;
}

/** More time for one of the caller's own. */
async function extend(deps: Deps, c: Context<AppEnv>): Promise<Instance> {
  const id = pathId(c.req.param("id"), "instance");
  const { person } = signedIn(c);
  const outcome = await deps.db.transaction(async (tx) => {
    const made = await extendInstance(tx, person.id, id);
    if (made.kind === "unknown") return made;
    await writeAudit(tx, {
      ...auditedCaller(c),
      action: "instance.extend",
      outcome: made.kind === "accepted" ? "allowed" : "refused",
      subjectKind: "instance",
      subjectId: id,
    });
    return made;
  });
  if (outcome.kind === "refused") throw stateForbids(outcome, "extend");
  if (outcome.kind === "endless")
    throw new ProblemError(409, "no_limit", "It has no limit, so there is nothing to extend.");
  const instance = outcome.kind === "accepted" && (await getInstance(deps.db, person.id, id));
  if (!instance) throw notFound("instance");
  return instance;
}

/** Where a station starts, which it does for itself and nobody. @throws ProblemError 404 */
async function stationOf(deps: Deps, { id, roles }: PersonRow): Promise<AtStation | undefined> {
  if (!roles.includes("station")) return undefined;
  const here = await getAtStation(deps.db, id);
  if (!here) throw notFound("station");
  return here;
}

export function instanceRoutes(deps: Deps) {
  return new Hono<AppEnv>()
    .get(
      "/instances",
      describe({
        tag,
        summary: "The caller's instances, newest first",
        status: 200,
        body: listOf(instanceSchema),
        refusals: [400, 401],
      }),
      queryOf(pageQuery),
      async (c) => {
        const { limit, cursor } = c.req.valid("query");
        const rows = await listInstances(deps.db, signedIn(c).person.id, {
          limit: limit + 1,
          cursor: decodeCursor(cursor, uuidShape),
        });
        return c.json(
          page(rows, limit, (it) => it.id),
          200,
        );
      },
    )
    .post(
      "/instances",
      describe({
        tag,
        summary: "Start an environment",
        description:
          "The wish is recorded and the instance is `queued`. An `Idempotency-Key` makes a repeated request return the same instance for a day.",
        status: 202,
        body: instanceSchema,
        refusals: [400, 401, 403, 404, 409, 413],
        meanings: { 409: [tooManyMeaning] },
      }),
      jsonBody(startBody),
      async (c) => {
        const { person } = signedIn(c);
        const station = await stationOf(deps, person);
        const id = await startInstance(deps.db, {
          person,
          ...(station ? { station } : {}),
          body: c.req.valid("json"),
          idempotencyKey: c.req.header("idempotency-key"),
          audit: { address: c.get("peer").address, requestId: c.get("requestId") },
        });
        const instance = await getInstance(deps.db, person.id, id);
        if (!instance) throw new Error(`instance ${id} is gone right after it was made`);
        return c.json(instance, 202);
      },
    )
    .get(
      "/instances/:id",
      describe({
        tag,
        summary: "One instance",
        status: 200,
        body: instanceSchema,
        refusals: [401, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "instance");
        const instance = await getInstance(deps.db, signedIn(c).person.id, id);
        if (!instance) throw notFound("instance");
        return c.json(instance, 200);
      },
    )
    .post(
      "/instances/:id/stop",
      describe({
        tag,
        summary: "Stop it; the home folder stays, what ran in it does not",
        status: 202,
        body: instanceSchema,
        refusals: [401, 403, 404, 409],
      }),
      async (c) => c.json(await wish(deps, c, "stop"), 202),
    )
    .post(
      "/instances/:id/restart",
      describe({
        tag,
        summary: "Start it anew, also where it has ended",
        status: 202,
        body: instanceSchema,
        refusals: [401, 403, 404, 409],
        meanings: { 409: [tooManyMeaning] },
      }),
      async (c) => c.json(await wish(deps, c, "restart"), 202),
    )
    .post(
      "/instances/:id/extend",
      describe({
        tag,
        summary: "Give it as much time again as its rule gave it, from now",
        description:
          "For what ends by a limit (`expiresAt`); its owner may, as often as they like.",
        status: 202,
        body: instanceSchema,
        refusals: [401, 403, 404, 409],
      }),
      async (c) => c.json(await extend(deps, c), 202),
    )
    .post(
      "/instances/:id/tickets",
      describe({
        tag,
        summary: "A one-time ticket for a WebSocket to the desktop",
        description:
          "Offer `protocols` as the WebSocket's subprotocols at `url`. The ticket is good for 30 s and one connection.",
        status: 201,
        body: ticketSchema,
        refusals: [400, 401, 403, 404, 409],
      }),
      jsonBody(ticketBody),
      async (c) => {
        const id = pathId(c.req.param("id"), "instance");
        const signIn = signedIn(c);
        const { permission } = c.req.valid("json");
        const found = await findConnectable(deps.db, signIn.person.id, id);
        if (!found) throw notFound("instance");
        if (found.state !== "running" || !found.nodeId)
          throw new ProblemError(
            409,
            "not_running",
            `It is ${found.state}${found.reason ? ` (${found.reason})` : ""}; a connection needs it running.`,
          );
        const { ticket, expiresAt } = await issueTicket(deps.db, deps.keys, {
          userId: signIn.person.id,
          signInId: signIn.id,
          instanceId: id,
          incarnation: found.incarnation,
          nodeId: found.nodeId,
          permission,
        });
        // Before it is given out: no ticket is in use that the trail does not know of.
        await writeAudit(deps.db, {
          ...auditedCaller(c),
          action: "ticket.give",
          outcome: "allowed",
          subjectKind: "instance",
          subjectId: id,
          detail: { permission, incarnation: found.incarnation },
        });
        const url = `${c.get("peer").origin.replace(/^http/, "ws")}/vnc/${id}`;
        return c.json({ ticket, url, protocols: ["binary", `ticket.${ticket}`], expiresAt }, 201);
      },
    );
}
