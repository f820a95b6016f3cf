/** Plays requests and ends in the order of time, for estimates and simulations. */
import type { Decision, Placement } from "./decision.ts";
import { EventQueue } from "./event-queue.ts";
import type { Need } from "./need.ts";
import type { Standing } from "./queue-order.ts";
import { compareStanding } from "./queue-order.ts";
import { waitsForRoom, type Ended, type Round } from "./round.ts";
import type { Request } from "./types.ts";
import { WaitingLists, type WaitingRequest } from "./waiting.ts";

/** Whether an end is known, or only usual. */
export type Basis = "limit" | "usual";

type Event = (
  | { readonly what: "end"; readonly ended: () => Ended }
  | { readonly what: "free"; readonly node: number }
  | { readonly what: "reservation"; readonly id: string }
  | { readonly what: "rules"; readonly key: string }
  | { readonly what: "gathered"; readonly requestId: string }
) & { readonly basis: Basis };

export interface Started {
  readonly decision: Placement;
  readonly at: number;
  readonly basis: Basis;
}
interface Next {
  readonly list: WaitingLists;
  readonly key: string;
  readonly one: WaitingRequest;
}

export class Replay {
  readonly #round: Round;
  readonly #events = new EventQueue<Event>();
  readonly #forRoom = new WaitingLists();
  /** By the limit that they wait for. */
  readonly #forLimit = new WaitingLists();
  /** By when rules no longer forbid it. */
  readonly #forRules = new WaitingLists();
  /** Nodes and limits on which an end was only usual: what starts there is so as well. */
  readonly #usual = new Set<number | string>();
  readonly #gatherers = new Map<string, WaitingRequest>();
  readonly #started: (started: Started) => void;
  readonly #notPlaced: (decision: Exclude<Decision, Placement>) => void;

  /** @param notPlaced is told each time that a request is decided and does not start: it may wait for another reason */
  constructor(
    round: Round,
    started: (started: Started) => void,
    notPlaced: (decision: Exclude<Decision, Placement>) => void = () => {},
  ) {
    this.#round = round;
    this.#started = started;
    this.#notPlaced = notPlaced;
    for (const { id, at } of round.reserved.ends)
      this.#events.add(at, { what: "reservation", id, basis: "limit" });
    for (const { requestId, at } of round.gathering.ends)
      this.#events.add(at, { what: "gathered", requestId, basis: "limit" });
  }

  get waiting(): number {
    return this.#forRoom.size + this.#forLimit.size + this.#forRules.size;
  }

  willEnd(at: number, ended: () => Ended, basis: Basis): void {
    this.#events.add(at, { what: "end", ended, basis });
  }

  /** A node is its experiment's alone until then. */
  willBeFree(at: number, node: number): void {
    this.#events.add(at, { what: "free", node, basis: "limit" });
  }

  /** Decides a request now; what waits is decided again when something ends. */
  arrive(request: Request, standing: Standing): Decision {
    const decision = this.#round.decide(request);
    this.#keep({ ...standing, id: request.id, request, usual: false }, decision, null);
    return decision;
  }

  #keep(one: Omit<WaitingRequest, "need">, decision: Decision, limit: string | null): void {
    const usual = one.usual || (limit !== null && this.#usual.has(limit));
    if (decision.kind === "placed") return this.#start(decision, usual);
    this.#notPlaced(decision);
    if (decision.kind !== "waits") return;
    const { need } = this.#round.caseOf(one.request);
    const waiting = { ...one, need, usual };
    if (this.#round.gathering.has(one.id)) this.#gatherers.set(one.id, waiting);
    const { code, forbidden } = decision.reason;
    if (waitsForRoom.has(code)) this.#forRoom.add(this.#listOf(one, need), waiting);
    const reached = code === "limit_reached" ? this.#round.limitOf(one.request) : null;
    if (reached !== null) this.#forLimit.add(reached, waiting);
    if (forbidden) this.#waitForRules(waiting, forbidden.until);
  }

  /** Whoever has a node for itself is not behind others who need the same. */
  #listOf({ id }: Pick<WaitingRequest, "id">, need: Need): string {
    return this.#round.gathering.has(id) ? `${need.key} | ${id}` : need.key;
  }

  #waitForRules(one: WaitingRequest, until: number): void {
    const key = String(until);
    if (!this.#forRules.first(key)) this.#events.add(until, { what: "rules", key, basis: "limit" });
    this.#forRules.add(key, one);
  }

  #start(decision: Placement, waitedUsual: boolean): void {
    const { dedicate, request, node } = decision;
    const number = this.#round.site.numbers.get(node.id);
    if (number === undefined) return;
    if (dedicate && request.beamtime && request.experimentId !== null) {
      this.willBeFree(request.beamtime.until, number);
      // Its others look at that node from now on.
      for (const it of this.#forRoom.takeOf(request.experimentId)) {
        const { need } = this.#round.caseOf(it.request);
        this.#forRoom.add(this.#listOf(it, need), { ...it, need });
      }
    }
    const usual = waitedUsual || this.#usual.has(number);
    this.#started({ decision, at: this.#round.now, basis: usual ? "usual" : "limit" });
  }

  /** Lets time pass, at most until then, and as long as anything waits if `onlyWhileWaiting`. */
  run(until: number, onlyWhileWaiting = false): void {
    while (!onlyWhileWaiting || this.waiting > 0) {
      const next = this.#events.take(until);
      if (!next) break;
      this.#round.now = Math.max(this.#round.now, next.at);
      this.#happen(next.event);
    }
    if (Number.isFinite(until)) this.#round.now = Math.max(this.#round.now, until);
  }

  #happen(event: Event): void {
    const { changes } = this.#round.site;
    const before = changes.length;
    const limits: string[] = [];
    if (event.what === "reservation") this.#round.reserved.end(event.id);
    else if (event.what === "free") this.#free(event.node);
    else if (event.what === "gathered") this.#round.gathering.end(event.requestId);
    else if (event.what === "rules")
      for (const it of this.#forRules.take(event.key))
        this.#keep(it, this.#round.decide(it.request), null);
    else {
      const ended = event.ended();
      this.#round.end(ended);
      limits.push(...this.#round.limits.keysOf(ended.who, ended.effects));
    }
    if (event.basis === "usual")
      for (const it of [...changes.slice(before), ...limits]) this.#usual.add(it);
    this.#fill(before, limits);
  }

  /** A beamtime is over: what its experiment still has waiting goes where others go. */
  #free(node: number): void {
    const owner = this.#round.site.dedicatedTo[node] ?? null;
    this.#round.site.dedicate(node, null);
    if (owner === null) return;
    for (const it of this.#forRoom.takeOf(owner))
      this.#keep(it, this.#round.decide(it.request), null);
  }

  /** Starts what now can, in the order of the queue: only nodes that changed and these limits are looked at. */
  #fill(since: number, limits: readonly string[]): void {
    const { changes } = this.#round.site;
    const changed = new Set<number>();
    let seen = since;
    for (;;) {
      for (; seen < changes.length; seen++) changed.add(changes[seen] ?? 0);
      const next = this.#next(changed, limits);
      if (!next) return;
      const { list, key, one } = next;
      list.removeFirst(key);
      this.#keep(one, this.#decide(one), list === this.#forRoom ? null : key);
    }
  }

  /** Whether it stands before somebody for whom room is gathered, or is that. */
  #passes(one: WaitingRequest, gathererId: string): boolean {
    const gatherer = this.#gatherers.get(gathererId);
    return gathererId === one.id || (gatherer !== undefined && compareStanding(one, gatherer) < 0);
  }

  /** As the placer does, that asks whoever stands before somebody before a node is closed for that. */
  #decide(one: WaitingRequest): Decision {
    const { gathering } = this.#round;
    const behind = [...this.#gatherers.keys()].filter(
      (id) => id !== one.id && this.#passes(one, id),
    );
    for (const id of behind) gathering.lift(id);
    const decision = this.#round.decide(one.request);
    for (const id of behind) gathering.restore(id);
    return decision;
  }

  #next(changed: ReadonlySet<number>, limits: readonly string[]): Next | null {
    let best: Next | null = null;
    const consider = (list: WaitingLists, key: string, one: WaitingRequest) => {
      if (!best || compareStanding(one, best.one) < 0) best = { list, key, one };
    };
    for (const { key, one } of this.#forRoom.firsts())
      for (const node of changed)
        if (this.#round.hasRoom(one.need, node, (id) => this.#passes(one, id))) {
          consider(this.#forRoom, key, one);
          break;
        }
    for (const key of limits) {
      const one = this.#forLimit.first(key);
      if (one && this.#round.limitOf(one.request) !== key) consider(this.#forLimit, key, one);
    }
    return best;
  }
}
