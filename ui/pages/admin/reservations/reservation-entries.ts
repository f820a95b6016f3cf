/** What a reservation's form says, and what that sends. Pure. */
import type { z } from "zod";
import type {
  AdminReservation,
  patchReservationBody,
  reservationBody,
} from "../../../../gateway/reservation-schemas.ts";

export interface Entries {
  readonly title: string;
  readonly kind: AdminReservation["kind"];
  readonly subject: string;
  /** ISO 8601; null: none. */
  readonly from: string | null;
  readonly until: string | null;
  readonly seats: number | undefined;
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly gpus: number | undefined;
  /** null: the whole of each. */
  readonly gpuMemoryBytes: number | null | undefined;
  readonly selector: string;
}

type Body = z.input<typeof reservationBody>;
type Patch = z.input<typeof patchReservationBody>;

const gib = 2 ** 30;

/** What a new one begins with: a working day of the one that was chosen. */
export function newEntries(kind: Entries["kind"], day: Date): Entries {
  const at = (hour: number): string =>
    new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour).toISOString();
  return {
    title: "",
    kind,
    subject: "",
    from: at(9),
    until: at(17),
    seats: 1,
    cpus: 2,
    memoryBytes: 8 * gib,
    gpus: 0,
    gpuMemoryBytes: null,
    selector: "",
  };
}

export const entriesOf = (it: AdminReservation): Entries => ({
  title: it.title,
  kind: it.kind,
  subject: it.subject,
  from: it.from,
  until: it.until,
  seats: it.seats,
  cpus: it.cpus,
  memoryBytes: it.memoryBytes,
  gpus: it.gpus,
  gpuMemoryBytes: it.gpuMemoryBytes,
  selector: it.selector,
});

/** Of a seat, as the API takes it. */
const leastCpus = 0.1;
const leastBytes = 64 * 1024 ** 2;

export type Missing = "title" | "subject" | "from" | "until" | "seats" | "cpus" | "memoryBytes";

/** The fields without which nothing can be reserved, in the order of the form. */
export function missingIn(it: Entries): Missing[] {
  const empty: Record<Missing, boolean> = {
    title: it.title.trim() === "",
    subject: it.subject === "",
    from: it.from === null,
    until: it.until === null || (it.from !== null && Date.parse(it.until) <= Date.parse(it.from)),
    seats: it.seats === undefined,
    cpus: (it.cpus ?? 0) < leastCpus,
    memoryBytes: (it.memoryBytes ?? 0) < leastBytes,
  };
  return (Object.keys(empty) as Missing[]).filter((name) => empty[name]);
}

/** @param it without anything missing */
export function bodyOf(it: Entries): Body {
  return {
    title: it.title.trim(),
    kind: it.kind,
    subject: it.subject,
    from: it.from ?? "",
    until: it.until ?? "",
    seats: it.seats ?? 0,
    cpus: it.cpus ?? 0,
    memoryBytes: it.memoryBytes ?? 0,
    gpus: it.gpus ?? 0,
    gpuMemoryBytes: (it.gpus ?? 0) === 0 ? null : (it.gpuMemoryBytes ?? null),
    selector: it.selector,
  };
}

/** The fields that are others than before; none of whom it is for, which stays. */
export function changesIn(before: AdminReservation, it: Entries): Patch {
  const { kind: _, subject: __, ...after } = bodyOf(it);
  const was = bodyOf(entriesOf(before));
  const changed = Object.entries(after).filter(([name, value]) => {
    const old = was[name as keyof Body];
    const time = name === "from" || name === "until";
    return time ? Date.parse(String(value)) !== Date.parse(String(old)) : value !== old;
  });
  return Object.fromEntries(changed);
}

/** Upcoming, now, over or cancelled. */
export function phaseAt(
  it: AdminReservation,
  nowMs: number,
): "upcoming" | "now" | "over" | "cancelled" {
  if (it.cancelledAt !== null) return "cancelled";
  if (nowMs < Date.parse(it.from)) return "upcoming";
  return nowMs < Date.parse(it.until) ? "now" : "over";
}
