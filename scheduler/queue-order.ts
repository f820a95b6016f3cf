/** The order of the queue: by priority, then by age, with a share for every person. */
import { compileRules, compileWhen, effectsOf, type Effects } from "./rules.ts";
import type { Attributes, Request, Rule, Situation } from "./types.ts";

/** What a person has already makes the next request as much younger. */
export const stepMs = 5 * 60_000;

export interface Standing {
  /** The higher, the earlier. */
  readonly priority: number;
  /** When it counts as queued. */
  readonly at: number;
}

/**
 * Where a request stands.
 * @param ahead how many instances of its person live, or wait since earlier
 */
export function standing(
  request: Pick<Request, "queuedAt">,
  effects: Pick<Effects, "priority">,
  ahead: number,
): Standing {
  return { priority: effects.priority, at: request.queuedAt + ahead * stepMs };
}

/** Whether since then a rule has begun or ceased to count that says something about places in the queue. */
export function ordersAnew(rules: readonly Rule[], since: number, now: number): boolean {
  const passed = (at: number) => since < at && at <= now;
  return rules.some((rule) => {
    if (!rule.enabled || rule.then.priority === undefined) return false;
    const { from, until } = compileWhen(rule.when);
    return passed(from) || passed(until);
  });
}

type Ranked = Standing & { readonly id: string };

/** Compares for sorting: the first to be served first. */
export function compareStanding(a: Standing & { readonly id: string }, b: Ranked): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.at !== b.at) return a.at - b.at;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/**
 * Where requests stand that have no standing yet.
 * @param waiting who has one already: theirs come before
 */
export function standAll(
  requests: readonly Request[],
  situation: Situation,
  waiting: readonly Pick<Attributes, "userId">[] = [],
): Map<string, Standing> {
  const ahead = new Map<string, number>();
  const count = (userId: string) => {
    const before = ahead.get(userId) ?? 0;
    ahead.set(userId, before + 1);
    return before;
  };
  for (const { userId } of [...situation.live, ...waiting]) count(userId);
  const rules = compileRules(situation.rules);
  const byAge = [...requests].sort((a, b) => a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1));
  return new Map(
    byAge.map((it) => [it.id, standing(it, effectsOf(it, rules, situation.now), count(it.userId))]),
  );
}
