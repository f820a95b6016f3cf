/** When what waits is expected to start, if what lives ends when it is expected to. */
import { sharesHeld } from "./gpus.ts";
import { Replay, type Basis } from "./replay.ts";
import { Round } from "./round.ts";
import { compileRules, effectsOf } from "./rules.ts";
import type { Live, Request, Situation } from "./types.ts";

export interface Estimate {
  readonly at: number;
  /** Whether all that it waits for ends by a limit, or at least in part when its like usually does. */
  readonly basis: Basis;
}

/** When something that lives is expected to end; null: nobody knows. */
export function expectedEnd(
  it: Pick<Live, "placedAt" | "endsAt" | "usualMs">,
  now: number,
): Estimate | null {
  if (it.endsAt !== null) return { at: Math.max(now, it.endsAt), basis: "limit" };
  if (it.usualMs === null) return null;
  const usual = it.placedAt + it.usualMs;
  return { at: usual > now ? usual : now + it.usualMs / 2, basis: "usual" };
}

/** How long instances of an environment usually last, as what lives of it says. */
function usualByEnvironment(live: readonly Live[]): Map<string, number> {
  return new Map(
    live.flatMap((it) => (it.usualMs === null ? [] : [[it.environment, it.usualMs] as const])),
  );
}

/** Until when nodes are their experiments' own, as far as those concerned say. */
function freeDedicated(replay: Replay, round: Round, people: readonly (Live | Request)[]): void {
  const until = new Map(
    people.flatMap((it) =>
      it.experimentId !== null && it.beamtime
        ? [[it.experimentId, it.beamtime.until] as const]
        : [],
    ),
  );
  for (const [node, owner] of round.site.dedicatedTo.entries()) {
    const at = owner === null ? undefined : until.get(owner);
    if (at !== undefined) replay.willBeFree(at, node);
  }
}

function expectEnds(replay: Replay, round: Round, situation: Situation): void {
  const rules = compileRules(situation.rules);
  for (const it of situation.live) {
    const node = round.site.numbers.get(it.nodeId);
    const end = expectedEnd(it, situation.now);
    if (node === undefined || !end) continue;
    const effects = effectsOf(it, rules, situation.now);
    const ended = () => {
      const gpus = sharesHeld(round.site.gpus[node] ?? [], it.size);
      return { node, size: it.size, gpus, who: it, effects };
    };
    replay.willEnd(end.at, ended, end.basis);
  }
}

/**
 * When each of the waiting requests, given in their order, is expected to start; null where nothing is
 * known. What starts is expected to end as well: by its limit, else as its like usually does.
 */
export function estimateQueue(
  requests: readonly Request[],
  situation: Situation,
): Map<string, Estimate | null> {
  const estimates = new Map<string, Estimate | null>(requests.map((it) => [it.id, null]));
  const usual = usualByEnvironment(situation.live);
  const rules = compileRules(situation.rules);
  const decided = new Set(requests.map((it) => it.id));
  const round = new Round(situation, { rules, decided });
  const replay = new Replay(round, ({ decision, at, basis }) => {
    const { request, size, gpus, maxMinutes } = decision;
    estimates.set(request.id, { at, basis });
    const usualMs = usual.get(request.environment) ?? null;
    const endsAt = maxMinutes === null ? null : at + maxMinutes * 60_000;
    const end = expectedEnd({ placedAt: at, endsAt, usualMs }, at);
    const node = round.site.numbers.get(decision.node.id);
    if (!end || node === undefined) return;
    const effects = effectsOf(request, rules, at);
    const soSure = basis === "usual" ? basis : end.basis;
    replay.willEnd(end.at, () => ({ node, size, gpus, who: request, effects }), soSure);
  });
  expectEnds(replay, round, situation);
  freeDedicated(replay, round, [...situation.live, ...requests]);
  for (const [index, request] of requests.entries())
    replay.arrive(request, { priority: 0, at: index });
  replay.run(Infinity, true);
  return estimates;
}
