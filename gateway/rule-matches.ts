import type { Queryable } from "../db/client.ts";
import { readStarts, type Starts } from "../db/rule-matches.ts";
import type { RuleRow } from "../db/rules.ts";
import { compileRules } from "../scheduler/rules.ts";
import type { Attributes, Rule } from "../scheduler/types.ts";

/** What no rule's `when` looks at. */
const unlooked = { beamlineId: null, experimentId: null, beamtime: null, userId: "", groupIds: [] };

/** How many of these each rule matches, whether it is switched on or not. */
export function countMatches(
  rules: readonly Rule[],
  starts: readonly Starts[],
): Map<string, number> {
  const compiled = compileRules(rules.map((it) => ({ ...it, enabled: true })));
  const counts = new Map(rules.map((it) => [it.id, 0]));
  for (const { at, count, ...looked } of starts) {
    const attributes: Attributes = { ...looked, ...unlooked };
    for (const { ref } of compiled.matching(attributes, at))
      counts.set(ref.id, (counts.get(ref.id) ?? 0) + count);
  }
  return counts;
}

/** Rules with the starts of the last 7 days that each matches: one question for all of them. */
export async function withMatches<T extends RuleRow>(db: Queryable, rules: readonly T[]) {
  const times = rules.flatMap(({ when }) => [when.from ?? [], when.until ?? []].flat());
  const counts = countMatches(rules, rules.length === 0 ? [] : await readStarts(db, times));
  return rules.map((it) => ({ ...it, matchedLastWeek: counts.get(it.id) ?? 0 }));
}
