/** A station asks somebody to agree, on their phone, to a desktop of their own on it. */
import { Hono, type Context } from "hono";
import { getApprovalState, insertApproval, withdrawApproval } from "../../db/approvals.ts";
import { getAtStation } from "../../db/at-station.ts";
import { writeAudit, writeRefusal } from "../../db/audit.ts";
import { countAttempt } from "../../db/sign-ins.ts";
import type { AppEnv, Deps } from "../deps.ts";
import { describe } from "../describe.ts";
import { judgeStart } from "../may-be-started.ts";
import { auditedCaller, signedIn } from "../middleware/signed-in.ts";
import { notFound, type ProblemError } from "../problem.ts";
import { startBody } from "../schemas.ts";
import { tooMany } from "../sign-in.ts";
import { approvalLifeSeconds, hashStationCode, newStationCode } from "../station-codes.ts";
import { approvalStateSchema, askedApprovalSchema } from "../station-schemas.ts";
import { jsonBody, pathId } from "../validation.ts";

/** Of one station in 15 minutes: more ask than a shift has people. */
const mostAsked = 60;

type Wish = ReturnType<typeof startBody.parse>;

async function refuseAsking(
  deps: Deps,
  c: Context<AppEnv>,
  { environment, experiment }: Wish,
  reason: string,
  refusal: ProblemError,
): Promise<never> {
  await writeRefusal(deps.db, {
    ...auditedCaller(c),
    action: "approval.ask",
    outcome: "refused",
    subjectKind: "environment",
    subjectId: environment.slice(0, 100),
    detail: { reason, experiment },
  });
  throw refusal;
}

/** @throws ProblemError for what this station does not offer */
async function ask(deps: Deps, c: Context<AppEnv>, body: Wish) {
  const { id: signInId, person: account } = signedIn(c);
  const waitSeconds = await countAttempt(deps.db, [
    { name: `approval-ask:${account.id}`, allowed: mostAsked },
  ]);
  if (waitSeconds > 0)
    return refuseAsking(deps, c, body, "too_many_attempts", tooMany(waitSeconds));
  const here = await getAtStation(deps.db, account.id);
  if (!here) throw notFound("station");
  const judged = await judgeStart(deps.db, { userId: account.id, body, station: here });
  if (!judged.allowed) return refuseAsking(deps, c, body, judged.reason, judged.refusal);
  const { environmentId, versionId, experimentId } = judged;
  if (experimentId === null) throw new Error("a station starts nothing without an experiment");
  const code = newStationCode();
  const wish = {
    stationId: here.id,
    signInId,
    codeHash: await hashStationCode(deps.sealingKey, code, "approval"),
    environmentId,
    versionId,
    experimentId,
    name: body.name ?? null,
    geometry: body.screen ? `${body.screen.width}x${body.screen.height}` : null,
  };
  const made = await deps.db.transaction(async (tx) => {
    const asked = await insertApproval(tx, wish, approvalLifeSeconds);
    await writeAudit(tx, {
      ...auditedCaller(c),
      action: "approval.ask",
      outcome: "allowed",
      subjectKind: "approval",
      subjectId: asked.id,
      detail: { environment: body.environment, experiment: body.experiment },
    });
    return asked;
  });
  return { ...made, code, url: `${c.get("peer").origin}/add#${code}` };
}

export function askedApprovalRoutes(deps: Deps) {
  const tag = "Stations";
  return new Hono<AppEnv>()
    .post(
      "/station/approvals",
      describe({
        tag,
        summary: "Ask somebody to start a desktop of their own on the station, on their phone",
        description:
          "The code is good for 5 min and once, for exactly this; one that was asked for before is void. What the station itself does not offer cannot be asked for.",
        status: 201,
        body: askedApprovalSchema,
        refusals: [400, 401, 403, 404, 409, 413, 429],
      }),
      jsonBody(startBody),
      async (c) => c.json(await ask(deps, c, c.req.valid("json")), 201),
    )
    .get(
      "/station/approvals/:id",
      describe({
        tag,
        summary: "What came of it",
        status: 200,
        body: approvalStateSchema,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "approval");
        const found = await getApprovalState(deps.db, signedIn(c).id, id);
        if (!found) throw notFound("approval");
        return c.json(found, 200);
      },
    )
    .delete(
      "/station/approvals/:id",
      describe({
        tag,
        summary: "Withdraw it: its code is void",
        status: 204,
        refusals: [401, 403, 404],
      }),
      async (c) => {
        const id = pathId(c.req.param("id"), "approval");
        if (!(await withdrawApproval(deps.db, signedIn(c).id, id))) throw notFound("approval");
        return c.body(null, 204);
      },
    );
}
