/** Reservations: room that is kept for the seats that nobody has taken yet. */
import { seatsBesideHolds } from "./filter.ts";
import { hasGpusOf } from "./gpus.ts";
import type { Needs } from "./need.ts";
import { parseSelector } from "./selector.ts";
import type { Site } from "./site.ts";
import type { Attributes, Live, Reservation, Size } from "./types.ts";

const nobody: ReadonlySet<string> = new Set();

/** Whether somebody's instance counts for a reservation and may use its room. */
export function isEntitled(
  reservation: Pick<Reservation, "kind" | "subjectId">,
  it: Pick<Attributes, "experimentId" | "groupIds" | "beamlineId">,
): boolean {
  switch (reservation.kind) {
    case "experiment":
      return it.experimentId === reservation.subjectId;
    case "group":
      return it.groupIds.includes(reservation.subjectId);
    case "beamline":
      return it.beamlineId === reservation.subjectId;
  }
}

/** The order in which reservations are served. */
const inOrder = (a: Reservation, b: Reservation) => a.from - b.from || (a.id < b.id ? -1 : 1);

/** Seats that nobody has taken. */
const unfilled = ({ reservation, taken }: Active) => Math.max(0, reservation.seats - taken);

interface Active {
  readonly reservation: Reservation;
  readonly admits: Uint8Array;
  /** How many live in seats of it. */
  taken: number;
  /** By number of node, how many of them have room kept there. */
  readonly held: Map<number, number>;
  heldInAll: number;
}

/**
 * Keeps room for unfilled seats on the first nodes, in order of name, that have it: a further node
 * takes seats off those behind it, and never puts one on a node that had none.
 */
export class Reserved {
  readonly #site: Site;
  readonly #active: Active[];
  /** Whose seat of which reservation each desktop fills. */
  readonly #seats = new Map<Attributes, Active>();

  constructor(
    site: Site,
    needs: Needs,
    situation: { now: number; reservations: readonly Reservation[]; live: readonly Live[] },
  ) {
    this.#site = site;
    this.#active = situation.reservations
      .filter((it) => it.from <= situation.now && situation.now < it.until)
      .sort(inOrder)
      .map((reservation) => {
        const parsed = parseSelector(reservation.selector);
        const selector = parsed.ok ? parsed.selector : null;
        return {
          reservation,
          admits: needs.maskOf({ text: reservation.selector, selector }),
          taken: 0,
          held: new Map<number, number>(),
          heldInAll: 0,
        };
      });
    this.#seat(situation.live);
    for (const it of this.#active) this.#fill(it);
  }

  /** Those first who could sit in the fewest, so that they find theirs free. */
  #seat(live: readonly Live[]): void {
    if (this.#active.length === 0) return;
    const seated = live.flatMap((it) => {
      const node = this.#site.numbers.get(it.nodeId);
      const fitting = node === undefined ? [] : this.#seatsFor(node, it, it.size);
      return fitting.length === 0 ? [] : [{ it, fitting }];
    });
    for (const { it, fitting } of seated.sort((a, b) => a.fitting.length - b.fitting.length))
      this.#sit(it, fitting);
  }

  /** The reservations of which a desktop on this node may fill a seat. */
  #seatsFor(node: number, it: Attributes, size: Size): Active[] {
    return this.#active.filter(
      ({ reservation, admits }) =>
        admits[node] === 1 &&
        isEntitled(reservation, it) &&
        hasGpusOf(reservation.size, size, this.#site.gpus[node] ?? []),
    );
  }

  /** Fills one seat: of the first that has one, or else of the first, for when one of its others ends. */
  #sit(it: Attributes, fitting: readonly Active[]): Active | undefined {
    const active = fitting.find((one) => unfilled(one) > 0) ?? fitting[0];
    if (!active) return undefined;
    active.taken += 1;
    this.#seats.set(it, active);
    return active;
  }

  /** How many seats of each active reservation are taken. */
  get taken(): ReadonlyMap<string, number> {
    return new Map(
      this.#active.map((it) => [it.reservation.id, Math.min(it.taken, it.reservation.seats)]),
    );
  }

  /** Ids of the active reservations that are for this person or experiment. */
  insiderOf(it: Attributes): ReadonlySet<string> {
    if (this.#active.length === 0) return nobody;
    const ids = this.#active.filter(({ reservation }) => isEntitled(reservation, it));
    return ids.length === 0 ? nobody : new Set(ids.map(({ reservation }) => reservation.id));
  }

  /** Reservations with room kept on nodes that a request could use but for them. */
  heldOn(nodes: readonly number[], insider: ReadonlySet<string>): Reservation[] {
    return this.#active
      .filter(({ reservation, held }) => {
        return !insider.has(reservation.id) && nodes.some((node) => held.has(node));
      })
      .map((it) => it.reservation);
  }

  #mayHold(active: Active, node: number): boolean {
    if (this.#site.away[node] || !active.admits[node]) return false;
    const owner = this.#site.dedicatedTo[node] ?? null;
    const { kind, subjectId } = active.reservation;
    return owner === null || (kind === "experiment" && owner === subjectId);
  }

  #fill(active: Active): void {
    const { id, size } = active.reservation;
    const wanted = unfilled(active);
    const need = { size, insider: nobody };
    for (let node = 0; node < this.#site.size; node++) {
      const most = wanted - active.heldInAll;
      if (most <= 0) return;
      if (!this.#mayHold(active, node)) continue;
      const seats = seatsBesideHolds(this.#site, need, { node, most });
      if (seats.length === 0) continue;
      const holds = seats.map((gpus) => ({ reservationId: id, node, size, gpus }));
      this.#site.setHolds(node, [...(this.#site.holds[node] ?? []), ...holds]);
      active.held.set(node, (active.held.get(node) ?? 0) + seats.length);
      active.heldInAll += seats.length;
    }
  }

  #clear(active: Active, node: number): void {
    const { id } = active.reservation;
    const rest = (this.#site.holds[node] ?? []).filter((it) => it.reservationId !== id);
    this.#site.setHolds(node, rest);
    active.heldInAll -= active.held.get(node) ?? 0;
    active.held.delete(node);
  }

  #dropLast(active: Active): void {
    const last = Math.max(...active.held.keys());
    const holds = this.#site.holds[last] ?? [];
    const at = holds.findLastIndex((it) => it.reservationId === active.reservation.id);
    this.#site.setHolds(last, holds.toSpliced(at, 1));
    const count = (active.held.get(last) ?? 0) - 1;
    if (count > 0) active.held.set(last, count);
    else active.held.delete(last);
    active.heldInAll -= 1;
  }

  /** One of these people has been placed: perhaps a seat is filled, perhaps in the room that was kept. */
  placed(node: number, it: Attributes, size: Size): void {
    const own = this.#active.filter(({ reservation }) => isEntitled(reservation, it));
    this.#sit(it, this.#seatsFor(node, it, size));
    for (const active of own) {
      if (active.held.has(node)) this.#clear(active, node);
      else if (active.heldInAll > unfilled(active)) this.#dropLast(active);
    }
    for (const active of own) this.#fill(active);
  }

  /** One of these people's has ended: room is kept for another. */
  ended(it: Attributes): void {
    const active = this.#seats.get(it);
    if (!active) return;
    this.#seats.delete(it);
    active.taken -= 1;
    if (this.#active.includes(active)) this.#fill(active);
  }

  /** When each active reservation is over. */
  get ends(): { readonly id: string; readonly at: number }[] {
    return this.#active.map(({ reservation }) => ({ id: reservation.id, at: reservation.until }));
  }

  /** A reservation is over. @returns the nodes on which room was kept for it */
  end(id: string): number[] {
    const at = this.#active.findIndex(({ reservation }) => reservation.id === id);
    const active = this.#active[at];
    if (!active) return [];
    const nodes = [...active.held.keys()];
    for (const node of nodes) this.#clear(active, node);
    this.#active.splice(at, 1);
    for (const other of this.#active) this.#fill(other);
    return nodes;
  }

  /** A node is somebody's alone now: seats of others are kept elsewhere. */
  dedicated(node: number): void {
    for (const active of this.#active) {
      if (!active.held.has(node) || this.#mayHold(active, node)) continue;
      this.#clear(active, node);
      this.#fill(active);
    }
  }
}
