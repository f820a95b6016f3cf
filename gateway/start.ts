import { writeAudit, writeRefusal } from "../db/audit.ts";
import type { Db, Queryable } from "../db/client.ts";
import { sqlState } from "../db/errors.ts";
import { findIdempotent, rememberIdempotent } from "../db/idempotency.ts";
import { insertInstance } from "../db/instances.ts";
import type { PersonRow } from "../db/sign-ins.ts";
import { judgeStart, type StartStation, type StartWish } from "./may-be-started.ts";
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

/** The instance that this key already made, where it did. @throws ProblemError 409 for another body */
async function findRepeated(
  db: Db,
  userId: string,
  key: string,
  bodyHash: string,
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

/**
 * Records the wish for a new instance. A repeated request with the same key gives the same instance,
 * also where the two race.
 *
 * @returns the instance's id
 * @throws ProblemError
 */
export async function startInstance(db: Db, request: StartRequest): Promise<string> {
  const { person, body, idempotencyKey: key } = request;
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key))
    throw new ProblemError(
      400,
      "idempotency_key_malformed",
      "An Idempotency-Key is 1 to 200 printable ASCII characters.",
    );
  const bodyHash = await hashBody(body);
  if (key !== undefined) {
    const repeated = await findRepeated(db, person.id, key, bodyHash);
    if (repeated) return repeated;
  }
  const { station } = request;
  const verdict = await judgeStart(db, {
    userId: person.id,
    body,
    ...(station ? { station } : {}),
  });
  if (!verdict.allowed) return refuseStart(db, request, verdict.reason, verdict.refusal);
  try {
    return await db.transaction(async (tx) => {
      const instanceId = await insertInstance(tx, {
        userId: person.id,
        environmentId: verdict.environmentId,
        versionId: verdict.versionId,
        name: body.name ?? verdict.environmentName,
        experimentId: verdict.experimentId,
        stationId: station?.id ?? null,
        geometry: body.screen ? `${body.screen.width}x${body.screen.height}` : null,
      });
      await request.bind?.(tx, instanceId);
      if (key !== undefined)
        await rememberIdempotent(tx, { userId: person.id, key, bodyHash, instanceId });
      // Behind the key, so that whoever repeats a start that is there gets it.
      await refuseTooMany(tx, person.id);
      await writeAudit(tx, {
        ...auditOf(request),
        outcome: "allowed",
        subjectKind: "instance",
        subjectId: instanceId,
        detail: {
          environment: body.environment,
          experiment: body.experiment,
          via: verdict.via,
          ...(station ? { station: station.name } : {}),
          ...request.noted,
        },
      });
      return instanceId;
    });
  } catch (error) {
    if (isTooMany(error)) return refuseStart(db, request, error.code, error);
    // The same key raced us and won: its instance is the answer.
    const lostRace = key !== undefined && sqlState(error)?.code === "23505";
    const winner = lostRace ? await findRepeated(db, person.id, key, bodyHash) : undefined;
    if (winner) return winner;
    throw error;
  }
}
