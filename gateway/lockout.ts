import type { Queryable } from "../db/client.ts";
import { readSituation } from "../db/situation.ts";
import type { RuleWarning } from "../scheduler/judge.ts";
import type { Rule } from "../scheduler/types.ts";
import { ProblemError } from "./problem.ts";
import { locksOut, warningsAbout } from "./rule-warnings.ts";

export interface Confirmation {
  /** It is meant, though no node could take what it matches. */
  readonly confirm?: boolean | undefined;
}

export interface Saving extends Confirmation {
  /** The rule that is saved; null: none by itself, then what was so `before` is not asked about again. */
  readonly saved: string | null;
  readonly before?: readonly Rule[];
}

const keyOf = ({ code, rule, path, text }: RuleWarning) => JSON.stringify([code, rule, path, text]);

/**
 * Asks before rules are saved by which somebody could start nothing any more.
 * @param db sees the rules as they are to be
 * @throws ProblemError 409 with what is to be thought of
 */
export async function refuseLockout(db: Queryable, it: Saving): Promise<void> {
  if (it.confirm) return;
  const situation = await readSituation(db);
  // On a site that is set up just now nothing fits yet.
  if (situation.nodes.length === 0) return;
  const saved = situation.rules.find((rule) => rule.id === it.saved) ?? null;
  const { before: rules } = it;
  const before = rules ? await warningsAbout(db, { ...situation, rules }, null) : [];
  const known = new Set(before.map(keyOf));
  const warnings = (await warningsAbout(db, situation, saved)).filter(
    (warning) => locksOut(warning) && !known.has(keyOf(warning)),
  );
  const [first] = warnings;
  if (!first) return;
  throw new ProblemError(
    409,
    "locks_out",
    `Rule "${first.rule}": ${first.text}. Send confirm: true where that is meant.`,
    { extension: { warnings } },
  );
}
