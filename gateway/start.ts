import { writeAudit, writeRefusal } from "../db/audit.ts";
import { planOnce, sentAtOnce, type Db, type Queryable } from "../db/client.ts";
import { sqlState } from "../db/errors.ts";
import { findIdempotent, rememberIdempotent } from "../db/idempotency.ts";
import { insertInstance } from "../db/instances.ts";
import type { PersonRow } from "../db/sign-ins.ts";
import {
  judgeStart,
  type StartJudgement,
  type StartStation,
  type StartWish,
} from "./may-be-started.ts";
import { ProblemError } from "./problem.ts";
import { isTooMany, refuseTooMany } from "./waiting-limit.ts";

export interface StartRequest {
  readonly person: PersonRow;
  readonly body: StartWish & {
    readonly name?: string | undefined;
    readonly screen?: { readonly width: number; readonly height: number } | undefined;
  };
  readonly station?: StartStation;
  readonly idempotencyKey: string | undefined;
  /** What else stands or falls with it, in the same transaction; throws where it may not be. */
  readonly bind?: (tx: Queryable, instanceId: string) => Promise<void>;
  /** What else its row in the trail says. */
  readonly noted?: Readonly<Record<string, unknown>>;
  readonly audit: {
    readonly address: string | null;
    readonly requestId: string;
    readonly signInId?: string;
  };
}

async function hashBody(body: StartRequest["body"]): Promise<string> {
  const canonical = JSON.stringify([body.environment, body.version, body.experiment, body.name]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical));
  return Array.from(new Uint8Array(digest), (it) => it.toString(16).padStart(2, "0")).join("");
}

interface Keyed {
  readonly key: string;
  readonly bodyHash: string;
}

/** The instance that this key already made, where it did. @throws ProblemError 409 for another body */
async function findRepeated(
  db: Queryable,
  userId: string,
  { key, bodyHash }: Keyed,
): Promise<string | undefined> {
  const known = await findIdempotent(db, userId, key);
  if (known && known.bodyHash !== bodyHash)
    throw new ProblemError(
      409,
      "idempotency_key_reused",
      "This Idempotency-Key was used for another request. Use a new key for a new request.",
    );
  return known?.instanceId;
}

const auditOf = ({ person, audit }: StartRequest) => ({
  actorId: person.id,
  actorName: person.username,
  action: "instance.start",
  ...audit,
});

async function refuseStart(
  db: Db,
  request: StartRequest,
  reason: string,
  refusal: ProblemError,
): Promise<never> {
  const { body, station } = request;
  await writeRefusal(db, {
    ...auditOf(request),
    outcome: "refused",
    subjectKind: "environment",
    subjectId: body.environment.slice(0, 100),
    detail: {
      reason,
      experiment: body.experiment,
      ...(station ? { station: station.name } : {}),
      ...request.noted,
    },
  });
  throw refusal;
}

type Allowed = Extract<StartJudgement, { allowed: true }>;

/** What a start writes: no statement waits for another one's answer, but where `bind` has to. */
async function writeStart(
  tx: Queryable,
  request: StartRequest,
  verdict: Allowed,
  keyed: Keyed | undefined,
): Promise<string> {
  const { person, body, station } = request;
  const userId = person.id;
  const instanceId = crypto.randomUUID();
  const made = insertInstance(tx, {
    id: instanceId,
    userId,
    environmentId: verdict.environmentId,
    versionId: verdict.versionId,
    name: body.name ?? verdict.environmentName,
    experimentId: verdict.experimentId,
    stationId: station?.id ?? null,
    geometry: body.screen ? `${body.screen.width}x${body.screen.height}` : null,
  });
  if (request.bind) {
    await made;
    await request.bind(tx, instanceId);
  }
  const detail = {
    environment: body.environment,
    experiment: body.experiment,
    via: verdict.via,
    ...(station ? { station: station.name } : {}),
    ...request.noted,
  };
  await sentAtOnce([
    made,
    keyed ? rememberIdempotent(tx, { userId, ...keyed, instanceId }) : undefined,
    // Behind the key, so that whoever repeats a start that is there gets it.
    refuseTooMany(tx, userId),
    writeAudit(tx, {
      ...auditOf(request),
      outcome: "allowed",
      subjectKind: "instance",
      subjectId: instanceId,
      detail,
    }),
  ]);
  return instanceId;
}

/** @returns the instance's id, or why there is none */
function tryStart(
  db: Db,
  request: StartRequest,
  keyed: Keyed | undefined,
): Promise<string | Exclude<StartJudgement, Allowed>> {
  const { person, body, station } = request;
  return db.transaction(async (tx) => {
    const [, repeated, verdict] = await sentAtOnce([
      planOnce(db, tx),
      keyed ? findRepeated(tx, person.id, keyed) : undefined,
      judgeStart(tx, { userId: person.id, body, ...(station ? { station } : {}) }),
    ]);
    if (repeated) return repeated;
    return verdict.allowed ? writeStart(tx, request, verdict, keyed) : verdict;
  });
}

async function keyedBy({ body, idempotencyKey: key }: StartRequest): Promise<Keyed | undefined> {
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,200}$/.test(key))
    throw new ProblemError(
      400,
      "idempotency_key_malformed",
      "An Idempotency-Key is 1 to 200 printable ASCII characters.",
    );
  return { key, bodyHash: await hashBody(body) };
}

/**
 * Records the wish for a new instance. A repeated request with the same key gives the same instance,
 * also where the two race.
 *
 * @returns the instance's id
 * @throws ProblemError
 */
export async function startInstance(db: Db, request: StartRequest): Promise<string> {
  const keyed = await keyedBy(request);
  try {
    const outcome = await tryStart(db, request, keyed);
    if (typeof outcome === "string") return outcome;
    return await refuseStart(db, request, outcome.reason, outcome.refusal);
  } catch (error) {
    if (isTooMany(error)) return refuseStart(db, request, error.code, error);
    // The same key raced us and won: its instance is the answer.
    const lostRace = keyed && sqlState(error)?.code === "23505";
    const winner = lostRace ? await findRepeated(db, request.person.id, keyed) : undefined;
    if (winner) return winner;
    throw error;
  }
}
