/** Whether there is room for what is reserved. Pure. */
import { Round } from "../scheduler/round.ts";
import { matchesSelector, parseSelector } from "../scheduler/selector.ts";
import type { Candidate, Reservation } from "../scheduler/types.ts";

/** Whoever is there now is gone by then, and what is away may be back. */
const emptied = (node: Candidate): Candidate => ({
  ...node,
  ready: true,
  schedulable: true,
  draining: false,
  allocatedCpus: 0,
  allocatedMemoryBytes: 0,
  dedicatedTo: null,
  gpus: node.gpus.map((it) => ({ ...it, taken: [] })),
});

export function nodesOf(selector: string, nodes: readonly Candidate[]): Set<string> {
  const parsed = parseSelector(selector);
  if (!parsed.ok) return new Set();
  const found = nodes.filter((it) => matchesSelector(parsed.selector, it.labels));
  return new Set(found.map((it) => it.id));
}

/** How many seats of each can be held at one time on empty nodes. */
function seatsHeld(
  reservations: readonly Reservation[],
  nodes: readonly Candidate[],
  now: number,
): Map<string, number> {
  const empty = nodes.map(emptied);
  const { site } = new Round({ now, nodes: empty, rules: [], live: [], reservations });
  const held = new Map<string, number>();
  for (const { reservationId } of site.holds.flat())
    held.set(reservationId, (held.get(reservationId) ?? 0) + 1);
  return held;
}

/** How many of its seats the nodes could ever hold. */
export function couldHold(it: Reservation, nodes: readonly Candidate[]): number {
  return seatsHeld([it], nodes, it.from).get(it.id) ?? 0;
}

export interface Overlap {
  /** Those that are for a part of the same time, on some of the same nodes. */
  readonly others: readonly Reservation[];
  /** Seats, of it and of the others, for which there is no room when there is least. */
  readonly missing: number;
}

export function overlapOf(
  it: Reservation,
  reservations: readonly Reservation[],
  nodes: readonly Candidate[],
): Overlap {
  const mine = nodesOf(it.selector, nodes);
  const others = reservations.filter(
    (other) =>
      other.id !== it.id &&
      other.from < it.until &&
      it.from < other.until &&
      [...nodesOf(other.selector, nodes)].some((id) => mine.has(id)),
  );
  const begins = new Set([it.from, ...others.map((other) => Math.max(it.from, other.from))]);
  const missing = [...begins].map((at) => {
    const active = [it, ...others].filter((one) => one.from <= at && at < one.until);
    const held = seatsHeld(active, nodes, at);
    return active.reduce((sum, one) => sum + one.seats - (held.get(one.id) ?? 0), 0);
  });
  return { others, missing: Math.max(0, ...missing) };
}
