/** Whether there is room for one more of something, or when there is expected to be. */
import { findAttributes, readEnvironments, readWaiting } from "../db/preview.ts";
import type { Queryable } from "../db/client.ts";
import { readSituation, readUsual } from "../db/situation.ts";
import { estimateQueue, type Estimate } from "../scheduler/estimate.ts";
import { place, type Decision } from "../scheduler/place.ts";
import { isEntitled } from "../scheduler/reserve.ts";
import type { Request, Reservation, Situation } from "../scheduler/types.ts";
import { inQueueOrder } from "./rule-outcomes.ts";
import type { Availability } from "./use-schemas.ts";

/** What comes behind so many is not told of to the minute. */
const mostWaiting = 2000;

export interface Wish {
  readonly userId: string;
  /** A slug. */
  readonly environment: string;
  readonly versionId: string;
  readonly experimentId: string | null;
}

const clock = (at: number) => new Date(Math.ceil(at / 60_000) * 60_000).toISOString();

/** The next reservation that keeps room for such as this. */
function nextReservation(request: Request, { now, reservations }: Situation) {
  const theirs = reservations.filter((it) => it.from > now && isEntitled(it, request));
  return theirs.reduce<Reservation | null>(
    (first, it) => (first === null || it.from < first.from ? it : first),
    null,
  );
}

function later(
  { reason }: Extract<Decision, { kind: "waits" }>,
  estimate: Estimate | null,
  reserved: Reservation | null,
): Availability {
  const { code, text } = reason;
  if (reserved && (estimate === null || reserved.from < estimate.at)) {
    const own = `${text}; from ${clock(reserved.from)} on room is kept for you: ${reserved.title}`;
    return { fits: "later", at: clock(reserved.from), basis: "reservation", code, text: own };
  }
  if (estimate) return { fits: "later", at: clock(estimate.at), basis: estimate.basis, code, text };
  return { fits: "unknown", at: null, basis: null, code, text };
}

/** What would become of this wish if it came now, behind whoever waits already. */
export async function readAvailability(db: Queryable, wish: Wish): Promise<Availability> {
  const situation = await readSituation(db, readUsual(db));
  const attributes = await findAttributes(db, wish);
  const known = (await readEnvironments(db)).find((it) => it.slug === wish.environment);
  if (!attributes || !known) throw new Error(`${wish.environment} was there a moment ago`);
  const { versionId } = wish;
  const asked = { id: "asked", versionId, size: known.size, queuedAt: situation.now };
  const request: Request = { ...attributes, ...asked };
  const waiting = await readWaiting(db, mostWaiting);
  const queue = inQueueOrder([...waiting, request], situation);
  const decision = place(queue, situation).find((it) => it.request === request);
  if (!decision) throw new Error("the wish was not decided on");
  if (decision.kind === "placed")
    return { fits: "now", at: null, basis: null, code: null, text: "there is room now" };
  if (decision.kind === "refused")
    return { fits: "never", at: null, basis: null, ...codeAndText(decision.reason) };
  const estimate = estimateQueue(queue, situation).get(request.id) ?? null;
  return later(decision, estimate, nextReservation(request, situation));
}

const codeAndText = ({ code, text }: { code: string; text: string }) => ({ code, text });
