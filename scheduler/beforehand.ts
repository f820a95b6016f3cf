/** Beamtimes that are on: nodes for experiments alone, before anybody of theirs asks for a desktop. */
import { othersOn, toDedicate } from "./dedicate.ts";
import { refusedBy } from "./filter.ts";
import { holdsOnceEmpty } from "./need.ts";
import { Round, type Case } from "./round.ts";
import type { RuleWarning } from "./judge.ts";
import type { RuleRef } from "./rules.ts";
import type { Candidate, Request, Rule, Situation, Size } from "./types.ts";

/** An environment that is open to an experiment, or to its beamline. */
export interface OpenEnvironment {
  readonly slug: string;
  readonly kind: "desktop" | "service";
  /** Of its newest version. */
  readonly versionId: string;
  readonly size: Size;
}
/** An experiment that is running now and has no node to itself. */
export interface Beamtime {
  readonly id: string;
  readonly code: string;
  readonly beamline: string;
  readonly beamlineId: string;
  readonly from: number;
  readonly until: number;
  readonly environments: readonly OpenEnvironment[];
}
export interface TakenBeforehand {
  readonly beamtime: Beamtime;
  readonly node: Candidate;
  readonly rule: RuleRef;
}

/** What somebody of the experiment would ask for. Who that is nobody knows: rules that look at it do not hold. */
function likelyRequest(beamtime: Beamtime, environment: OpenEnvironment): Request {
  const { id, code, beamline, beamlineId, from, until } = beamtime;
  const { slug, kind, versionId, size } = environment;
  return {
    id: `${id} ${slug}`,
    versionId,
    environment: slug,
    kind,
    beamline,
    beamlineId,
    experiment: code,
    experimentId: id,
    beamtime: { from, until },
    user: "",
    userId: "",
    roles: [],
    groupIds: [],
    size,
    queuedAt: 0,
  };
}

/** The largest first: what fits there has room for the others as well. */
const bySize = ({ need: { size: a } }: Case, { need: { size: b } }: Case): number =>
  b.gpus - a.gpus || b.memoryBytes - a.memoryBytes || b.cpus - a.cpus;

/**
 * The node that a first start would take. Where none has room now, the one with the fewest others that could hold it
 * once they have gone.
 */
function nodeFor({ site }: Round, { request, need }: Case): number | undefined {
  const [fits] = toDedicate(site, need, request);
  if (fits) return fits.node;
  const full = site.nodes.flatMap((_, node) => {
    const room = refusedBy(site, need, node);
    if (room !== "cpus" && room !== "memory" && room !== "gpus") return [];
    if (!holdsOnceEmpty(site, need.size, node)) return [];
    return [{ node, others: othersOn(site, need, request, node) }];
  });
  return full.sort((a, b) => a.others - b.others || a.node - b.node)[0]?.node;
}

/**
 * The nodes that experiments get for their beamtime before anybody asks: at most one each, and only by rules that name
 * the environments. A rule that names none says what a start gets, not that there will be one.
 */
export function takenBeforehand(
  beamtimes: readonly Beamtime[],
  situation: Situation,
): TakenBeforehand[] {
  const naming = new Set(
    situation.rules
      .filter((it) => it.enabled && it.then.dedicate && it.when.environment !== undefined)
      .map((it) => it.id),
  );
  if (naming.size === 0) return [];
  // A beamtime comes before whoever has waited long.
  const round = new Round({ ...situation, gathered: [] });
  return beamtimes.flatMap((beamtime): TakenBeforehand[] => {
    const wanted = beamtime.environments
      .map((it) => round.caseOf(likelyRequest(beamtime, it)))
      .filter((it) => it.dedicating && naming.has(it.dedicating.id) && it.need.onlyFree)
      .filter((it) => round.limitOf(it.request) === null)
      .sort(bySize);
    for (const it of wanted) {
      const node = nodeFor(round, it);
      if (node === undefined || !it.dedicating) continue;
      round.site.dedicate(node, beamtime.id);
      round.reserved.dedicated(node);
      return [{ beamtime, node: round.site.node(node), rule: it.dedicating }];
    }
    return [];
  });
}

const named = 10;

/** How many nodes a rule takes as soon as it holds. @param situation with the rules as they would be */
export function warnOfTaken(
  rule: Pick<Rule, "id" | "name">,
  beamtimes: readonly Beamtime[],
  situation: Situation,
): RuleWarning[] {
  const taken = takenBeforehand(beamtimes, situation).filter((it) => it.rule.id === rule.id);
  if (taken.length === 0) return [];
  const codes = taken.slice(0, named).map((it) => it.beamtime.code);
  const more = taken.length > named ? ` and ${taken.length - named} more` : "";
  const nodes = `${taken.length} of ${situation.nodes.length} nodes`;
  const text = `it takes ${nodes} before anybody asks, for beamtimes that are on now: ${codes.join(", ")}${more}`;
  return [{ code: "takes_nodes", rule: rule.name, path: "then.dedicate", text }];
}
