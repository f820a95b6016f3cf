/** One round of placing: the nodes, the limits and the reservations as they are left by each decision. */
import { dedicatingRule, hasOwnNode, othersOn, toDedicate } from "./dedicate.ts";
import {
  explainContradiction,
  explainForNow,
  explainLimit,
  explainNever,
  explainWait,
  gatheredText,
  type RefusalReason,
  type WaitCode,
  type WaitReason,
} from "./explain.ts";
import type { Decision, Placement } from "./decision.ts";
import { grantsOn, refusedBy } from "./filter.ts";
import { Gathering, type Begun } from "./gather.ts";
import { Ahead, LimitCounts } from "./limits.ts";
import { Needs, type Need } from "./need.ts";
import { Reserved } from "./reserve.ts";
import { compileRules, effectsOf, mergeSize, type CompiledRules, type Effects } from "./rules.ts";
import { nearby, scoreLines } from "./score.ts";
import { contradictionIn } from "./selector-logic.ts";
import { Site } from "./site.ts";
import type { Attributes, GpuGrant, Request, Scored, Situation, Size } from "./types.ts";
import { View, type Ranked } from "./view.ts";

/** What waits for room keeps its place within limits; what waits for something else does not. */
export const waitsForRoom: ReadonlySet<WaitCode> = new Set([
  "no_capacity",
  "node_dedicated",
  "reserved",
  "room_gathered",
]);

/** Of what is kept per need there is never more than this. */
const viewBytes = 128 * 1024 ** 2;
const bytesPerNode = 32;

const nobody: ReadonlySet<string> = new Set();

/** A request with all that its decision hangs on. */
export interface Case {
  readonly request: Request;
  readonly effects: Effects;
  readonly need: Need;
  readonly dedicating: Effects["dedicate"];
}

export interface Ended {
  readonly node: number;
  readonly size: Size;
  readonly gpus: readonly GpuGrant[];
  readonly who: Attributes;
  readonly effects: Pick<Effects, "limits">;
}

export interface RoundOptions {
  readonly rules?: CompiledRules;
  /** Who waits for room in front of all that is decided here. */
  readonly ahead?: Ahead;
  /** Ids of those that are: of others who wait the nodes that take nothing else for them stay so. */
  readonly decided?: ReadonlySet<string>;
  /** Whether nodes may begin to take nothing but one of these. */
  readonly gathers?: boolean;
}

export class Round {
  readonly site: Site;
  readonly limits: LimitCounts;
  readonly #rules: CompiledRules;
  readonly #needs: Needs;
  readonly reserved: Reserved;
  readonly gathering: Gathering;
  readonly #gathers: boolean;
  readonly #views = new Map<string, View>();
  readonly #maxViews: number;
  readonly #contradictions = new WeakMap<Effects, boolean>();
  now: number;

  constructor(
    situation: Situation,
    {
      rules = compileRules(situation.rules),
      ahead = new Ahead(),
      decided = nobody,
      gathers = false,
    }: RoundOptions = {},
  ) {
    this.now = situation.now;
    this.limits = new LimitCounts(ahead);
    this.#rules = rules;
    this.site = new Site(situation.nodes, situation.live);
    this.#needs = new Needs(this.site);
    this.reserved = new Reserved(this.site, this.#needs, situation);
    this.#maxViews = Math.max(16, viewBytes / (bytesPerNode * (this.site.size + 1)));
    if (rules.all.some((it) => it.rule.then.limits))
      for (const it of situation.live) this.limits.addLive(it, effectsOf(it, rules, this.now));
    this.gathering = new Gathering(this.site, situation);
    this.gathering.keepOthers(decided);
    this.#gathers = gathers;
  }

  caseOf(request: Request): Case {
    const effects = effectsOf(request, this.#rules, this.now);
    const size = mergeSize(request.size, effects);
    const insider = this.reserved.insiderOf(request);
    const dedicating = dedicatingRule(request, effects, this.now);
    const owns = this.site.ownedBy(request.experimentId).size > 0;
    const experimentId = owns ? request.experimentId : null;
    const question = { effects, size, versionId: request.versionId, experimentId, insider };
    const free = this.#needs.of({ ...question, dedication: "none" });
    if (!dedicating) return { request, effects, need: free, dedicating };
    const own = experimentId !== null && hasOwnNode(this.site, experimentId, free);
    const need = own
      ? this.#needs.of({ ...question, dedication: "own" })
      : this.#needs.of({ ...question, experimentId: null, dedication: "new" });
    return { request, effects, need, dedicating };
  }

  view(need: Need): View {
    let view = this.#views.get(need.key);
    if (view) {
      view.refresh();
      // The last one used is the last one to go.
      this.#views.delete(need.key);
    } else view = new View(this.site, need);
    this.#views.set(need.key, view);
    if (this.#views.size > this.#maxViews)
      for (const oldest of this.#views.keys()) {
        this.#views.delete(oldest);
        break;
      }
    return view;
  }

  #contradictory(effects: Effects): boolean {
    let known = this.#contradictions.get(effects);
    if (known === undefined) {
      const all = effects.require.flatMap((it) => it.selector ?? []);
      known = contradictionIn(all) !== null;
      this.#contradictions.set(effects, known);
    }
    return known;
  }

  /** A node's score, line by line. */
  scored({ request, effects, need }: Case, node: number): Scored {
    const { score, lines } = scoreLines(this.site, { need, effects, who: request }, node);
    const others = need.onlyFree ? othersOn(this.site, need, request, node) : 0;
    if (others === 0) return { node: this.site.node(node), score, lines };
    const line = { rule: `others there: ${others}`, points: -1000 * others };
    return { node: this.site.node(node), score: score + line.points, lines: [...lines, line] };
  }

  /** What forbids it, whatever becomes free, as the site is now and by the rules that hold. */
  #forbidden({ effects, need }: Pick<Case, "effects" | "need">): RefusalReason | null {
    if (this.site.size === 0) return null;
    if (this.#contradictory(effects)) return explainContradiction(effects);
    const { admitted, largeEnough, possible } = need;
    if (largeEnough > 0 && (admitted === 0 || possible > 0)) return null;
    return explainNever(effects, need.size, { all: this.site.size, admitted, largeEnough });
  }

  /** From when on rules do not forbid it any more, as some count for a time only; null: they always will. */
  #allowedFrom(request: Request): number | null {
    const { versionId } = request;
    for (const at of this.#rules.turns(request, this.now)) {
      const effects = effectsOf(request, this.#rules, at);
      const size = mergeSize(request.size, effects);
      const anywhere = { experimentId: null, dedication: "none", insider: nobody } as const;
      const need = this.#needs.of({ effects, size, versionId, ...anywhere });
      if (!this.#forbidden({ effects, need })) return at;
    }
    return null;
  }

  #best({ request, need }: Case, view: View): Ranked[] {
    if (need.onlyFree) return toDedicate(this.site, need, request).slice(0, 5);
    const near = nearby(this.site, request);
    const ranked = view.fitting === 0 ? [] : view.best(5, near);
    for (const [node, points] of near)
      if (view.fits(node)) ranked.push({ node, score: view.score(node) + points });
    return ranked.sort((a, b) => b.score - a.score || a.node - b.node).slice(0, 5);
  }

  #explain(it: Case, view: View): WaitReason {
    const { refused } = view;
    const held: number[] = [];
    if (refused.reserved)
      for (let node = 0; node < this.site.size; node++)
        if (refusedBy(this.site, it.need, node) === "reserved") held.push(node);
    return explainWait({
      effects: it.effects,
      nodes: this.site.size,
      admitted: it.need.admitted,
      refused,
      own: it.need.onlyOwn,
      reservations: this.reserved.heldOn(held, it.need.insider),
    });
  }

  #place(it: Case, view: View, ranked: readonly Ranked[], node: number): Placement {
    const { request, effects, need } = it;
    const best = ranked.map((one) => this.scored(it, one.node));
    const gpus = grantsOn(this.site, need, node);
    const { refused } = view;
    this.site.take(node, need.size, gpus, request);
    if (need.insider.size > 0) this.reserved.placed(node, request, need.size);
    if (need.onlyFree) {
      this.site.dedicate(node, request.experimentId);
      this.reserved.dedicated(node);
    }
    this.limits.addLive(request, effects);
    const { maxMinutes } = effects;
    this.gathering.end(request.id);
    const rule = need.onlyFree ? it.dedicating : null;
    return {
      kind: "placed",
      request,
      node: this.site.node(node),
      size: need.size,
      gpus,
      strategy: need.strategy,
      rules: effects.matched.map((one) => one.name),
      refused,
      best,
      maxMinutes,
      dedicate: rule && { ruleId: rule.id, ruleName: rule.name },
    };
  }

  /** What a placement took is free again. */
  end({ node, size, gpus, who, effects }: Ended): void {
    this.site.giveBack(node, size, gpus, who);
    this.limits.addLive(who, effects, -1);
    this.reserved.ended(who);
  }

  /**
   * Whether a node has room for a request now.
   * @param passes whether it may have the room that is gathered for another: it is its own, or that stands behind it
   */
  hasRoom(need: Need, node: number, passes: (requestId: string) => boolean): boolean {
    const refusal = refusedBy(this.site, need, node);
    const owner = this.site.gatheredFor[node] ?? null;
    return refusal === null || (refusal === "gathered" && owner !== null && passes(owner));
  }

  /** The limit that leaves no place for it now. */
  limitOf(request: Request): string | null {
    return this.limits.reached(request, effectsOf(request, this.#rules, this.now))?.key ?? null;
  }

  #waitForRoom(
    { request, effects, need }: Case,
    reason: WaitReason,
  ): { reason: WaitReason; begun?: Begun } {
    this.limits.waitsForRoom(request, effects);
    const kept = this.gathering.keep(request.id, need);
    const begun = kept === undefined && this.#gathers && this.gathering.begin(request, need);
    const node = begun ? this.site.numbers.get(begun.nodeId) : kept;
    if (node === undefined) return { reason };
    const told = { ...reason, text: gatheredText(reason.text, this.site.node(node).name) };
    return begun ? { reason: told, begun } : { reason: told };
  }

  decide(request: Request): Decision {
    // Where it waited for room before, it is not ahead of itself.
    this.limits.ahead.remove(request.id);
    this.gathering.lift(request.id);
    const it = this.caseOf(request);
    const decided = { request, rules: it.effects.matched.map((one) => one.name) };
    const forbidden = this.#forbidden(it);
    if (forbidden) {
      const until = this.#allowedFrom(request);
      if (until === null) return { kind: "refused", ...decided, reason: forbidden };
      return { kind: "waits", ...decided, reason: explainForNow(forbidden, until) };
    }
    const limit = this.limits.reached(request, it.effects);
    if (limit) return { kind: "waits", ...decided, reason: explainLimit(limit) };
    const view = this.view(it.need);
    const ranked = this.#best(it, view);
    const [first] = ranked;
    if (first) return this.#place(it, view, ranked, first.node);
    const reason = this.#explain(it, view);
    if (!waitsForRoom.has(reason.code)) return { kind: "waits", ...decided, reason };
    return { kind: "waits", ...decided, ...this.#waitForRoom(it, reason) };
  }
}
