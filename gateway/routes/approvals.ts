/** Somebody, on their phone and signed in there, answers what a station has asked. */
import { Hono, type Context } from "hono";
import { answerApproval, findApproval, type FoundApproval } from "../../db/approvals.ts";
import { getAtStation, type AtStation } from "../../db/at-station.ts";
import { writeAudit, writeRefusal } from "../../db/audit.ts";
import { getInstance } from "../../db/instances.ts";
import { countAttempt, forgiveAttempts, type Bucket } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { judgeStart } from "../may-be-started.ts";
import { auditedCaller, signedIn } from "../middleware/signed-in.ts";
import { networkOf } from "../network.ts";
import { notFound, ProblemError } from "../problem.ts";
import { instanceSchema, type Instance } from "../schemas.ts";
import { tooMany } from "../sign-in.ts";
import { startInstance } from "../start.ts";
import { hashStationCode, readStationCode } from "../station-codes.ts";
import { approvalBody, approvalSchema, type Approval } from "../station-schemas.ts";
import { jsonBody } from "../validation.ts";

type Act = "look" | "confirm" | "decline";

/** Wrong codes in 15 minutes before the next one has to wait: as for those of stations, and per person. */
function bucketsOf(c: Context<AppEnv>): { own: Bucket; shared: Bucket[] } {
  const from = networkOf(c.get("peer").address);
  const { id } = signedIn(c).person;
  return {
    own: { name: `approval:${from}:${id}`, allowed: 8 },
    shared: [
      // The one that passwords are counted in.
      { name: `address:${from}`, allowed: 40 },
      { name: `approver:${id}`, allowed: 40 },
    ],
  };
}

async function refuseCode(
  deps: Deps,
  c: Context<AppEnv>,
  act: Act,
  reason: "wrong_code" | "too_many_attempts",
  answer: ProblemError,
): Promise<never> {
  const entry = {
    ...auditedCaller(c),
    action: `approval.${act}`,
    outcome: "refused",
    subjectKind: "approval",
    detail: { reason },
  } as const;
  // Of wrong ones there are few.
  if (reason === "wrong_code") await writeAudit(deps.db, entry);
  else await writeRefusal(deps.db, entry);
  throw answer;
}

/** A wrong code, a used one and one that is over answer alike. */
const wrongCode = () =>
  new ProblemError(
    404,
    "wrong_code",
    "The code is wrong, was used, or is over. Ask for a new one at the station.",
  );

interface Asked {
  readonly asked: FoundApproval;
  readonly here: AtStation;
}

/** What a typed code stands for. @throws ProblemError 404, 429 */
async function read(deps: Deps, c: Context<AppEnv>, act: Act, typed: string): Promise<Asked> {
  const { own, shared } = bucketsOf(c);
  const waitSeconds = await countAttempt(deps.db, [own, ...shared]);
  if (waitSeconds > 0) return refuseCode(deps, c, act, "too_many_attempts", tooMany(waitSeconds));
  const code = readStationCode(typed);
  const asked =
    code === undefined
      ? undefined
      : await findApproval(
          deps.db,
          await hashStationCode(deps.sealingKey, code, "approval"),
          signedIn(c).person.id,
        );
  const here = asked && (await getAtStation(deps.db, asked.accountId));
  if (!asked || !here) return refuseCode(deps, c, act, "wrong_code", wrongCode());
  await deps.db.transaction((tx) => forgiveAttempts(tx, own, shared));
  return { asked, here };
}

const wishOf = ({ environment, version, experiment }: FoundApproval) => ({
  environment: environment.slug,
  version,
  experiment: experiment.code,
});

async function look(deps: Deps, c: Context<AppEnv>, typed: string): Promise<Approval> {
  const { asked, here } = await read(deps, c, "look", typed);
  const userId = signedIn(c).person.id;
  const judged = await judgeStart(deps.db, { userId, body: wishOf(asked), station: here });
  const { environment, version, experiment, expiresAt, started } = asked;
  return {
    station: { name: here.name },
    beamline: here.beamline,
    ending: here.ending,
    environment,
    version,
    experiment,
    expiresAt,
    started,
    refusal: judged.allowed ? null : { code: judged.refusal.code, detail: judged.refusal.message },
  };
}

/** Starts it, with the same checks as by password there; of several who confirm at once, one does. */
async function confirm(deps: Deps, c: Context<AppEnv>, typed: string): Promise<Instance> {
  const { asked, here } = await read(deps, c, "confirm", typed);
  const { id: signInId, person } = signedIn(c);
  const { address, requestId } = auditedCaller(c);
  const [width, height] = asked.geometry?.split("x").map(Number) ?? [];
  const start = () =>
    startInstance(deps.db, {
      person,
      body: {
        ...wishOf(asked),
        ...(asked.name === null ? {} : { name: asked.name }),
        ...(width && height ? { screen: { width, height } } : {}),
      },
      station: here,
      idempotencyKey: undefined,
      bind: async (tx, instanceId) => {
        const answer = { id: asked.id, userId: person.id, instanceId };
        if (!(await answerApproval(tx, answer))) throw wrongCode();
      },
      noted: { approval: asked.id },
      audit: { address, requestId, signInId },
    });
  // What they confirm once more has been started.
  const id = asked.started ?? (await orOwn(deps, c, typed, start));
  const instance = await getInstance(deps.db, person.id, id);
  if (!instance) throw notFound("instance");
  return instance;
}

/** Where it was answered meanwhile: by this very person, or it is over for them. */
async function orOwn(
  deps: Deps,
  c: Context<AppEnv>,
  typed: string,
  start: () => Promise<string>,
): Promise<string> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof ProblemError && error.code === "wrong_code")) throw error;
    const { asked } = await read(deps, c, "confirm", typed);
    if (asked.started === null) throw error;
    return asked.started;
  }
}

async function decline(deps: Deps, c: Context<AppEnv>, typed: string): Promise<void> {
  const { asked, here } = await read(deps, c, "decline", typed);
  const userId = signedIn(c).person.id;
  const declined =
    asked.started === null &&
    (await deps.db.transaction(async (tx) => {
      if (!(await answerApproval(tx, { id: asked.id, userId, instanceId: null }))) return false;
      await writeAudit(tx, {
        ...auditedCaller(c),
        action: "approval.decline",
        outcome: "allowed",
        subjectKind: "approval",
        subjectId: asked.id,
        detail: { station: here.name },
      });
      return true;
    }));
  if (!declined) await refuseCode(deps, c, "decline", "wrong_code", wrongCode());
}

export function approvalRoutes(deps: Deps) {
  const tag = "Stations";
  return new Hono<AppEnv>()
    .post(
      "/approvals/look",
      describe({
        tag,
        summary: "What a station's code asks the caller to agree to, and whether they could",
        description: "A code that is wrong, was used, or is over answers alike: 404 `wrong_code`.",
        status: 200,
        body: approvalSchema,
        refusals: [400, 401, 403, 404, 413, 429],
      }),
      jsonBody(approvalBody),
      async (c) => c.json(await look(deps, c, c.req.valid("json").code), 200),
    )
    .post(
      "/approvals/confirm",
      describe({
        tag,
        summary: "Start it: a desktop of the caller's own, on that station, with their home",
        description:
          "Whoever it is takes part in the experiment, or looks after the beamline. A code makes one desktop; confirmed again by the same person it answers with that one. While the experiment runs, everybody at the station can use it.",
        status: 202,
        body: instanceSchema,
        refusals: [400, 401, 403, 404, 409, 413, 429],
      }),
      jsonBody(approvalBody),
      async (c) => c.json(await confirm(deps, c, c.req.valid("json").code), 202),
    )
    .post(
      "/approvals/decline",
      describe({
        tag,
        summary: "Decline it: the code is used up, and the station is told",
        status: 204,
        refusals: [400, 401, 403, 404, 413, 429],
      }),
      jsonBody(approvalBody),
      async (c) => {
        await decline(deps, c, c.req.valid("json").code);
        return c.body(null, 204);
      },
    );
}
