/** How many seats of reservations are taken now, as the placer counts them. */
import type { Queryable } from "../db/client.ts";
import type { ReservationRow } from "../db/reservations.ts";
import { readSituation } from "../db/situation.ts";
import { Round } from "../scheduler/round.ts";

export type Seated = ReservationRow & {
  /** By its people's desktops that stand where its selector admits and are as large in GPUs; 0 while it is not on. */
  readonly seatsTaken: number;
};

export async function withSeatsTaken(
  db: Queryable,
  rows: readonly ReservationRow[],
): Promise<Seated[]> {
  const now = Date.now();
  const mayBeOn = rows.some((it) => it.cancelledAt === null && Date.parse(it.until) > now);
  const taken = mayBeOn
    ? new Round({ ...(await readSituation(db)), rules: [] }).reserved.taken
    : new Map<string, number>();
  return rows.map((it) => ({ ...it, seatsTaken: taken.get(it.id) ?? 0 }));
}
