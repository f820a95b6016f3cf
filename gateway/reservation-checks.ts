/** What is told of a reservation, and refused of one, by the room that there is. */
import type { Reach } from "../db/beamlines.ts";
import type { Queryable } from "../db/client.ts";
import { getReservation, reservationsWithin, type ReservationRow } from "../db/reservations.ts";
import { readNodes, readReservations } from "../db/situation.ts";
import { sizeText } from "../scheduler/explain.ts";
import type { Reservation } from "../scheduler/types.ts";
import { notFound, ProblemError } from "./problem.ts";
import { couldHold, nodesOf, overlapOf } from "./reservation-room.ts";
import { withSeatsTaken } from "./reservation-seats.ts";
import type { ReservationDetail } from "./reservation-schemas.ts";

function asReservation(it: ReservationRow): Reservation {
  const { id, title, kind, subject: subjectId, seats, selector } = it;
  const { cpus, memoryBytes, gpus, gpuMemoryBytes } = it;
  const size = { cpus, memoryBytes: Number(memoryBytes), gpus, gpuMemoryBytes };
  const [from, until] = [Date.parse(it.from), Date.parse(it.until)];
  return { id, title, kind, subjectId, from, until, seats, size, selector };
}

/** @throws ProblemError 409 with the numbers, where all nodes that match could not hold it */
export async function refuseTooLarge(db: Queryable, row: ReservationRow): Promise<void> {
  const it = asReservation(row);
  const nodes = await readNodes(db);
  const held = couldHold(it, nodes);
  if (held >= it.seats) return;
  const matching = nodesOf(it.selector, nodes).size;
  const which = it.selector.trim() === "" ? "" : ` that match ${it.selector}`;
  const numbers = { seats: it.seats, couldHold: held, nodes: matching };
  throw new ProblemError(
    409,
    "reservation_too_large",
    `It asks for ${it.seats} seats of ${sizeText(it.size)}; the ${matching} nodes${which} could never hold more than ${held}.`,
    { extension: numbers },
  );
}

/** With what it overlaps; what others of these are about is told to whom they are for. */
export async function reservationDetail(
  db: Queryable,
  reach: Reach,
  id: string | undefined,
): Promise<ReservationDetail> {
  const row = id === undefined ? undefined : await getReservation(db, reach, id);
  if (!row) throw notFound("reservation");
  const nodes = await readNodes(db);
  const { selector } = row;
  const of = row.cancelledAt === null ? await readReservations(db) : [];
  const { others, missing } = overlapOf(asReservation(row), of, nodes);
  const ids = others.map((it) => it.id);
  const known = ids.length === 0 ? new Set() : await reservationsWithin(db, reach, ids);
  const time = (at: number) => new Date(at).toISOString();
  const [seated] = await withSeatsTaken(db, [row]);
  return {
    ...row,
    seatsTaken: seated?.seatsTaken ?? 0,
    nodes: nodesOf(selector, nodes).size,
    missing,
    overlaps: others.map((it) => ({
      id: known.has(it.id) ? it.id : null,
      title: known.has(it.id) ? it.title : null,
      from: time(it.from),
      until: time(it.until),
      seats: it.seats,
    })),
  };
}
