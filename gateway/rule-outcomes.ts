/** What becomes of requests under one set of rules, and what that is beside another set. */
import type { z } from "zod";
import type { Past } from "../db/preview.ts";
import { estimateQueue } from "../scheduler/estimate.ts";
import { place } from "../scheduler/place.ts";
import { compareStanding, standAll } from "../scheduler/queue-order.ts";
import { outcomeOf, simulate, type Outcome, type PastRequest } from "../scheduler/simulate.ts";
import type { Request, Rule, Situation } from "../scheduler/types.ts";
import type { Previewed, outcomeSchema } from "./preview-schemas.ts";

export type Shown = z.infer<typeof outcomeSchema>;
export type Change = Previewed["change"];

/** Less than this is no difference in waiting. */
const noticedMs = 60_000;

/** Those that wait, in the order in which the situation's rules put them. */
export function inQueueOrder(requests: readonly Request[], situation: Situation): Request[] {
  const standings = standAll(requests, situation);
  return requests
    .flatMap((request) => {
      const standing = standings.get(request.id);
      return standing ? [{ request, ...standing, id: request.id }] : [];
    })
    .sort(compareStanding)
    .map((it) => it.request);
}

/** Of those that wait, as they would be served under these rules. */
export function queueOutcomes(
  requests: readonly Request[],
  now: Situation,
  rules: readonly Rule[],
): Map<string, Shown> {
  const situation = { ...now, rules };
  const inOrder = inQueueOrder(requests, situation);
  const decisions = place(inOrder, situation);
  const waiting = decisions.some((it) => it.kind === "waits");
  const estimates = waiting ? estimateQueue(inOrder, situation) : new Map();
  return new Map(
    decisions.map((it) => {
      const { id, queuedAt } = it.request;
      const outcome = outcomeOf(it, Math.max(0, now.now - queuedAt));
      const at = it.kind === "waits" ? (estimates.get(id)?.at ?? null) : null;
      return [id, shown(at === null ? outcome : { ...outcome, waitMs: at - queuedAt })];
    }),
  );
}

const shown = (it: Outcome): Shown => ({ ...it, rules: [...it.rules] });

/** What never came to a node would have lasted as its like did. */
function withDurations(past: readonly Past[]): PastRequest[] {
  const known = new Map<string, number[]>();
  for (const { environment, durationMs } of past)
    if (durationMs !== null)
      known.set(environment, [...(known.get(environment) ?? []), durationMs]);
  const usual = (environment: string) => {
    const sorted = (known.get(environment) ?? []).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 3_600_000;
  };
  const medians = new Map(
    [...new Set(past.map((it) => it.environment))].map((it) => [it, usual(it)]),
  );
  return past.map((it) => ({
    ...it,
    durationMs: it.durationMs ?? medians.get(it.environment) ?? 3_600_000,
  }));
}

/** Of those that came lately, under each set of rules. */
export function pastOutcomes(
  past: readonly Past[],
  situation: Situation,
  sets: readonly (readonly Rule[])[],
): Map<string, Shown>[] {
  const requests = withDurations(past);
  return sets.map(
    (rules) =>
      new Map(
        [...simulate(requests, situation, rules)].map(([id, it]) => [id, shown(it)] as const),
      ),
  );
}

function compareWaits(before: number | null, after: number | null): "same" | "sooner" | "later" {
  if (before === after) return "same";
  if (after === null) return "later";
  if (before === null) return "sooner";
  if (Math.abs(before - after) < noticedMs) return "same";
  return after < before ? "sooner" : "later";
}

export function changeOf(before: Shown, after: Shown): Change {
  if (before.kind !== after.kind) {
    if (after.kind === "refused") return "refused";
    if (before.kind === "refused") return "admitted";
    return after.kind === "placed" ? "sooner" : "later";
  }
  const waits = compareWaits(before.waitMs, after.waitMs);
  return waits === "same" && before.node !== after.node ? "moves" : waits;
}
