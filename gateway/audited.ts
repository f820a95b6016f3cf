import type { Context } from "hono";
import { writeAudit } from "../db/audit.ts";
import type { Queryable } from "../db/client.ts";
import { retrying, sqlState } from "../db/errors.ts";
import type { AppEnv, Deps } from "./deps.ts";
import { auditedCaller, signedIn } from "./middleware/signed-in.ts";
import { ProblemError } from "./problem.ts";
import type { Reach } from "../db/beamlines.ts";

interface Act {
  readonly action: string;
  readonly subjectKind: string;
  readonly detail?: Record<string, unknown>;
}

/**
 * Does something of an administrator's, and writes it down, both or neither.
 * @param work gives the subject's id; undefined where there was nothing to do it to, which is not written
 */
export function audited(
  deps: Deps,
  c: Context<AppEnv>,
  act: Act,
  work: (tx: Queryable) => Promise<string | undefined>,
): Promise<string | undefined> {
  return retrying(() =>
    deps.db.transaction(async (tx) => {
      const subjectId = await work(tx);
      if (subjectId !== undefined)
        await writeAudit(tx, { ...auditedCaller(c), ...act, outcome: "allowed", subjectId });
      return subjectId;
    }),
  );
}

/** What the database refused, in words: by the constraint that it hurt. */
export type Conflicts = Readonly<Record<string, readonly [code: string, words: string]>>;

/** @throws ProblemError 409 where a constraint is among the expected ones */
export async function orConflict<T>(conflicts: Conflicts, attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    const found = conflicts[sqlState(error)?.constraint ?? ""];
    if (!found) throw error;
    throw new ProblemError(409, ...found);
  }
}

/** Administrators reach everything, staff what belongs to the beamlines that they look after. */
export function reachOf(c: Context<AppEnv>): Reach {
  const { person } = signedIn(c);
  return person.roles.includes("admin") ? "all" : { staff: person.id };
}

/** @throws ProblemError 400 where there are any */
export function refuseUnknownPeople(unknown: readonly string[], path: string): void {
  const [first] = unknown;
  if (first === undefined) return;
  const errors = unknown.map((name) => ({ path, message: `there is no person ${name}` }));
  throw new ProblemError(400, "validation", `${path}: there is no person ${first}.`, { errors });
}
