/** Beamtime: nodes that one experiment has to itself. */
import { refusedBy } from "./filter.ts";
import { couldHold, type Need } from "./need.ts";
import type { Effects, RuleRef } from "./rules.ts";
import { nearby, scoreOf } from "./score.ts";
import type { Site } from "./site.ts";
import type { Attributes, Size } from "./types.ts";

/** The rule by which a request gets a node of its experiment's own now; null: none does. */
export function dedicatingRule(
  it: Pick<Attributes, "beamtime" | "experimentId">,
  effects: Pick<Effects, "dedicate">,
  now: number,
): RuleRef | null {
  if (it.experimentId === null || it.beamtime === null) return null;
  return it.beamtime.from <= now && now < it.beamtime.until ? effects.dedicate : null;
}

/**
 * Whether the experiment has a node that takes work and could hold this: then it waits for room
 * there rather than take a second node from others.
 */
export function hasOwnNode(
  site: Site,
  experimentId: string,
  need: { readonly size: Size; readonly admits: Uint8Array },
): boolean {
  return [...site.ownedBy(experimentId)].some(
    (node) => !site.away[node] && need.admits[node] === 1 && couldHold(site, need.size, node),
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
