import { writeAudit, writeRefusal } from "../db/audit.ts";
import type { Db } from "../db/client.ts";
import { mayStart, type StartVerdict } from "../db/entitlement.ts";
import { sqlState } from "../db/errors.ts";
import { findIdempotent, rememberIdempotent } from "../db/idempotency.ts";
import { insertInstance } from "../db/instances.ts";
import type { PersonRow } from "../db/sign-ins.ts";
import { ProblemError } from "./problem.ts";

export interface StartRequest {
  readonly person: PersonRow;
  readonly body: {
    readonly environment: string;
    readonly version?: string | undefined;
    readonly experiment?: string | undefined;
    readonly name?: string | undefined;
    readonly screen?: { readonly width: number; readonly height: number } | undefined;
  };
  /** On which it is started, and the experiments that run there now. */
  readonly station?: {
    readonly id: string;
    readonly name: string;
    readonly experiments: readonly { readonly id: string }[];
  };
  readonly idempotencyKey: string | undefined;
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

/** Why not, in the caller's words. What they may not know of is not there. */
export function startRefusal(
  { code, experiments }: StartVerdict & { readonly allowed: false },
  body: StartRequest["body"],
): ProblemError {
  const environment = body.environment.slice(0, 100);
  const experiment = body.experiment?.slice(0, 100) ?? "";
  const some = experiments.slice(0, 5).join(", ") + (experiments.length > 5 ? ", …" : "");
  switch (code) {
    case "unknown_environment":
    case "not_entitled":
      return new ProblemError(
        404,
        "unknown_environment",
        `There is no environment ${environment} that you may start.`,
      );
    case "unknown_version":
      return new ProblemError(
        404,
        code,
        `${environment} has no version ${body.version ?? "at all yet"}.`,
      );
    case "unknown_experiment":
    case "not_a_member":
      return new ProblemError(
        404,
        "unknown_experiment",
        `There is no experiment ${experiment} of yours.`,
      );
    case "not_for_experiment":
      return new ProblemError(
        409,
        code,
        `${environment} is not open to experiment ${experiment}. With it you may start it for: ${some}.`,
      );
    case "experiment_needed":
      return new ProblemError(
        409,
        code,
        `${environment} is started for an experiment. Name one of yours: ${some}.`,
      );
  }
}

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
  const verdict = await mayStart(db, {
    userId: person.id,
    environment: body.environment,
    version: body.version ?? null,
    experiment: body.experiment ?? null,
  });
  if (!verdict.allowed) return refuseStart(db, request, verdict.code, startRefusal(verdict, body));
  const { station } = request;
  if (station && !station.experiments.some((it) => it.id === verdict.experimentId))
    return refuseStart(
      db,
      request,
      "not_running_here",
      new ProblemError(
        409,
        "not_running_here",
        "A station starts desktops for an experiment that runs there now. Name one of those.",
      ),
    );
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
      if (key !== undefined)
        await rememberIdempotent(tx, { userId: person.id, key, bodyHash, instanceId });
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
        },
      });
      return instanceId;
    });
  } catch (error) {
    // The same key raced us and won: its instance is the answer.
    const lostRace = key !== undefined && sqlState(error)?.code === "23505";
    const winner = lostRace ? await findRepeated(db, person.id, key, bodyHash) : undefined;
    if (winner) return winner;
    throw error;
  }
}
