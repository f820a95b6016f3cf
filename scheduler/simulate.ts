/** What past requests would have got under a set of rules. */
import type { Decision } from "./decision.ts";
import { standing } from "./queue-order.ts";
import { Replay, type Started } from "./replay.ts";
import { Round } from "./round.ts";
import { compileRules, effectsOf, type CompiledRules } from "./rules.ts";
import type { Candidate, Request, Rule, Situation } from "./types.ts";

/** A request that was once made, with how long its instance lasted. */
export interface PastRequest extends Request {
  readonly durationMs: number;
}
export interface Outcome {
  readonly kind: Decision["kind"];
  /** The node's name. */
  readonly node: string | null;
  /** Until it is placed; null: it is not. */
  readonly waitMs: number | null;
  /** Why it waits, or waited last, or is refused. */
  readonly code: string | null;
  readonly text: string | null;
  /** Names of the rules that hold for it, in order. */
  readonly rules: readonly string[];
}

/** A node with all its capacity, free and in service. */
const emptied = (node: Candidate): Candidate => ({
  ...node,
  ready: true,
  schedulable: true,
  draining: false,
  allocatedCpus: 0,
  allocatedMemoryBytes: 0,
  dedicatedTo: null,
  gpus: node.gpus.map((it) => ({ ...it, present: true, taken: [] })),
});

export function outcomeOf(decision: Decision, waitMs: number): Outcome {
  const { kind, rules } = decision;
  if (kind === "placed")
    return { kind, node: decision.node.name, waitMs, code: null, text: null, rules };
  return { kind, node: null, waitMs: null, ...pick(decision.reason), rules };
}
const pick = ({ code, text }: { code: string; text: string }) => ({ code, text });

/** How many of its own a request has before it: they make it as much younger. */
class Shares {
  readonly #counts = new Map<string, number>();
  count(userId: string, by: number): number {
    const before = this.#counts.get(userId) ?? 0;
    this.#counts.set(userId, before + by);
    return before;
  }
}

/** Starts and ends, as the replay tells of them. */
function startReplay(round: Round, rules: CompiledRules, outcomes: Map<string, Outcome>) {
  const shares = new Shares();
  const durations = new Map<string, number>();
  const starts = ({ decision, at }: Started) => {
    const { request, size, gpus } = decision;
    outcomes.set(request.id, outcomeOf(decision, at - request.queuedAt));
    const node = round.site.numbers.get(decision.node.id);
    if (node === undefined) return;
    const effects = effectsOf(request, rules, at);
    const ended = () => {
      shares.count(request.userId, -1);
      return { node, size, gpus, who: request, effects };
    };
    replay.willEnd(at + (durations.get(request.id) ?? 0), ended, "limit");
  };
  const replay: Replay = new Replay(round, starts, (decision) => {
    const { request, kind } = decision;
    outcomes.set(request.id, outcomeOf(decision, 0));
    if (kind === "refused") shares.count(request.userId, -1);
  });
  return { replay, shares, durations };
}

/**
 * Replays requests over the nodes' full capacity, each for as long as it lasted, in the order of the
 * queue at each time. Beamtimes count as they were; reservations and nodes that were away do not.
 */
export function simulate(
  requests: readonly PastRequest[],
  situation: Situation,
  rules: readonly Rule[],
): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  const compiled = compileRules(rules);
  const nodes = situation.nodes.map(emptied);
  const first = requests.reduce((at, it) => Math.min(at, it.queuedAt), Infinity);
  const past = { now: first, nodes, rules, live: [], reservations: [] };
  const round = new Round(past, { rules: compiled });
  const { replay, shares, durations } = startReplay(round, compiled, outcomes);
  const byAge = [...requests].sort((a, b) => a.queuedAt - b.queuedAt || (a.id < b.id ? -1 : 1));
  for (const request of byAge) {
    replay.run(request.queuedAt);
    durations.set(request.id, Math.max(0, request.durationMs));
    const effects = effectsOf(request, compiled, round.now);
    const ahead = shares.count(request.userId, 1);
    replay.arrive(request, standing(request, effects, ahead));
  }
  replay.run(Infinity);
  return outcomes;
}
