import { writeAudit } from "../db/audit.ts";
import type { Db } from "../db/client.ts";
import { findStartable } from "../db/environments.ts";
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
  readonly idempotencyKey: string | undefined;
  readonly audit: { readonly address: string | null; readonly requestId: string };
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

async function findVersion(db: Db, body: StartRequest["body"]) {
  const { environment, startable } = await findStartable(
    db,
    body.environment,
    body.version ?? null,
  );
  if (!environment)
    throw new ProblemError(
      404,
      "unknown_environment",
      `There is no environment ${body.environment.slice(0, 100)} that you may start.`,
    );
  if (!startable)
    throw new ProblemError(
      404,
      "unknown_version",
      `${body.environment} has no version ${body.version ?? "at all yet"}.`,
    );
  if (body.experiment !== undefined)
    throw new ProblemError(
      404,
      "unknown_experiment",
      `There is no experiment ${body.experiment.slice(0, 100)} of yours.`,
    );
  return startable;
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
  const startable = await findVersion(db, body);
  try {
    return await db.transaction(async (tx) => {
      const instanceId = await insertInstance(tx, {
        userId: person.id,
        environmentId: startable.environmentId,
        versionId: startable.versionId,
        name: body.name ?? startable.name,
        experiment: null,
        geometry: body.screen ? `${body.screen.width}x${body.screen.height}` : null,
      });
      if (key !== undefined)
        await rememberIdempotent(tx, { userId: person.id, key, bodyHash, instanceId });
      await writeAudit(tx, {
        actorId: person.id,
        actorName: person.username,
        action: "instance.start",
        outcome: "allowed",
        subjectKind: "instance",
        subjectId: instanceId,
        detail: { environment: body.environment },
        ...request.audit,
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
