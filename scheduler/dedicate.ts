/** Beamtime: nodes that one experiment has to itself. */
import { refusedBy } from "./filter.ts";
import { holdsOnceEmpty, type Need } from "./need.ts";
import { covers } from "./overlap.ts";
import type { CompiledRule, CompiledRules, Effects, RuleRef } from "./rules.ts";
import { nearby, scoreOf } from "./score.ts";
import type { Site } from "./site.ts";
import type { Attributes, Candidate, Size } from "./types.ts";

/** The rule by which a request gets a node of its experiment's own now; null: none does. */
export function dedicatingRule(
  it: Pick<Attributes, "beamtime" | "experimentId">,
  effects: Pick<Effects, "dedicate">,
  now: number,
): RuleRef | null {
  if (it.experimentId === null || it.beamtime === null) return null;
  return it.beamtime.from <= now && now < it.beamtime.until ? effects.dedicate : null;
}

interface Given {
  readonly ruleId: string;
  /** Codes. */
  readonly beamline: string;
  readonly experiment: string;
}

/**
 * Whether the rule by which an experiment got its node still gives it, as rules are now. For which environment it was, and
 * who asked, is not kept: only an earlier rule that says no to all of these counts against it.
 */
export function stillDedicates(rules: CompiledRules, given: Given, now: number): boolean {
  const holds = ({ when }: CompiledRule) =>
    when.from <= now &&
    now < when.until &&
    (when.beamline === null || when.beamline.has(given.beamline)) &&
    (when.experiment === null || when.experiment.has(given.experiment));
  const saying = rules.all.filter((it) => it.rule.then.dedicate !== undefined && holds(it));
  const at = saying.findIndex((it) => it.rule.id === given.ruleId);
  const by = saying[at];
  if (!by?.rule.then.dedicate) return false;
  // That they hold now for this experiment is known; what is left is who asks, and for what.
  const here = { beamline: null, experiment: null, from: -Infinity, until: Infinity };
  return !saying
    .slice(0, at)
    .some((it) => !it.rule.then.dedicate && covers({ ...it.when, ...here }, by.when));
}

/** A node that is not ready for so long or less is expected back: a restart takes about a minute. */
const returnsWithinMs = 5 * 60_000;

const returns = ({ ready, unreadyMs, schedulable, draining }: Candidate): boolean =>
  !ready && schedulable && !draining && unreadyMs !== undefined && unreadyMs <= returnsWithinMs;

/**
 * Whether the experiment has a node that takes work, or will in a moment, and could hold this: then it waits for room
 * there rather than take a second node from others.
 */
export function hasOwnNode(
  site: Site,
  experimentId: string,
  need: { readonly size: Size; readonly admits: Uint8Array },
): boolean {
  return [...site.ownedBy(experimentId)].some(
    (node) =>
      (!site.away[node] || returns(site.node(node))) &&
      need.admits[node] === 1 &&
      holdsOnceEmpty(site, need.size, node),
  );
}

type Who = Pick<Attributes, "userId" | "experimentId">;

/** How many of others a node has: their instances, and seats that are kept there for them. */
export function othersOn(site: Site, need: Pick<Need, "insider">, who: Who, node: number): number {
  const own = site.ofExperiment(who.experimentId).get(node) ?? 0;
  const held = (site.holds[node] ?? []).filter((it) => !need.insider.has(it.reservationId));
  return (site.occupants[node] ?? 0) - own + held.length;
}

interface Dedicable {
  readonly node: number;
  readonly score: number;
  readonly others: number;
}

/** Nodes that could become the experiment's own, best first: empty ones, then those with the fewest others. */
export function toDedicate(site: Site, need: Need, who: Who): Dedicable[] {
  const near = nearby(site, who);
  const found: Dedicable[] = [];
  for (let node = 0; node < site.size; node++) {
    if (refusedBy(site, need, node) !== null) continue;
    const others = othersOn(site, need, who, node);
    found.push({ node, score: scoreOf(site, need, node) + (near.get(node) ?? 0), others });
  }
  return found.sort((a, b) => a.others - b.others || b.score - a.score || a.node - b.node);
}
