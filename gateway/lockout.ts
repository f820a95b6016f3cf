import type { Queryable } from "../db/client.ts";
import { readSituation } from "../db/situation.ts";
import type { Rule } from "../scheduler/types.ts";
import { ProblemError } from "./problem.ts";
import { newLockouts } from "./rule-warnings.ts";

export interface Confirmation {
  /** It is meant, though no node could take what it matches. */
  readonly confirm?: boolean | undefined;
}

export interface Saving extends Confirmation {
  /** The rules as they were: what was so already is not asked about again. */
  readonly before: readonly Rule[];
}

/**
 * Asks before rules are changed so that somebody could start nothing any more, by whichever of them.
 * @param db sees the rules as they are to be
 * @throws ProblemError 409 with what is to be thought of
 */
export async function refuseLockout(db: Queryable, { before, confirm }: Saving): Promise<void> {
  if (confirm) return;
  const situation = await readSituation(db);
  const warnings = await newLockouts(db, situation, { before, after: situation.rules });
  const [first] = warnings;
  if (!first) return;
  throw new ProblemError(
    409,
    "locks_out",
    `Rule "${first.rule}": ${first.text}. Send confirm: true where that is meant.`,
    { extension: { warnings } },
  );
}
