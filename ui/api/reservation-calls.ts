/** The calls of the reservations' page. */
import type { z } from "zod";
import type {
  AdminReservation,
  patchReservationBody,
  reservationBody,
  ReservationDetail,
} from "../../gateway/reservation-schemas.ts";
import { one, pick, withQuery, type List } from "./calls.ts";
import { call } from "./client.ts";

const reservations = "/api/admin/reservations";
const pageSize = 200;
/** So many pages: more than a month that could be read. */
const mostPages = 5;

export interface ReservationQuery {
  readonly search?: string | undefined;
  /** ISO 8601. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

export async function listReservations(
  query: ReservationQuery,
  signal?: AbortSignal,
): Promise<AdminReservation[]> {
  const items: AdminReservation[] = [];
  let cursor: string | null = null;
  for (let page = 1; page <= mostPages; page += 1) {
    const path = withQuery(reservations, {
      ...query,
      limit: pageSize,
      cursor: cursor ?? undefined,
    });
    const list: List<AdminReservation> = await call("GET", path, pick(signal));
    items.push(...list.items);
    cursor = list.nextCursor;
    if (cursor === null) break;
  }
  return items;
}
/** With what it overlaps. */
export const getReservation = (id: string, signal?: AbortSignal) =>
  call<ReservationDetail>("GET", one(reservations, id), pick(signal));
export const createReservation = (body: z.input<typeof reservationBody>) =>
  call<ReservationDetail>("POST", reservations, { body });
export const patchReservation = (id: string, body: z.input<typeof patchReservationBody>) =>
  call<ReservationDetail>("PATCH", one(reservations, id), { body });
export const cancelReservation = (id: string) => call<void>("DELETE", one(reservations, id));
