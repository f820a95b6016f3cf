import type { Queryable } from "../db/client.ts";
import { readNodes } from "../db/situation.ts";
import { matchesSelector, parseSelector } from "../scheduler/selector.ts";
import type { Rule } from "../scheduler/types.ts";
import { ProblemError } from "./problem.ts";

export interface Confirmation {
  /** It is meant, though no node could take what it matches. */
  readonly confirm?: boolean | undefined;
}

export interface Saving extends Confirmation {
  readonly before: readonly Rule[];
  readonly after: readonly Rule[];
  /** The rule that is saved; null: none by itself. */
  readonly saved: string | null;
}

/**
 * Asks before a rule is saved that locks everyone out.
 * @throws ProblemError 409 with what is to be thought of
 */
export async function refuseLockout(db: Queryable, it: Saving): Promise<void> {
  if (it.confirm) return;
  const saved = it.after.find((rule) => rule.id === it.saved);
  const parsed = parseSelector(saved?.then.require ?? "");
  const nodes = await readNodes(db);
  if (!saved?.enabled || !parsed.ok || nodes.length === 0) return;
  if (nodes.some((node) => matchesSelector(parsed.selector, node.labels))) return;
  const text = `no node has what ${saved.name} requires`;
  throw new ProblemError(
    409,
    "locks_out",
    `Nothing that this matches could ever be placed: ${text}. Send confirm: true where it is meant.`,
    {
      extension: {
        warnings: [{ code: "locks_out", rule: saved.name, path: "then.require", text }],
      },
    },
  );
}
