/** What waits in a replay, in the order of the queue, by what it waits for. */
import type { Need } from "./need.ts";
import { compareStanding, type Standing } from "./queue-order.ts";
import type { Request } from "./types.ts";

export interface WaitingRequest extends Standing {
  readonly id: string;
  readonly request: Request;
  /** For room: what it needs, as it was last decided. */
  readonly need: Need;
  /** Whether something that it waited for before ended only when its like usually does. */
  readonly usual: boolean;
}

type List = WaitingRequest[];

function insert(list: List, one: WaitingRequest): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle];
    if (other && compareStanding(other, one) <= 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, one);
}

export class WaitingLists {
  readonly #lists = new Map<string, List>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(key: string, one: WaitingRequest): void {
    const list = this.#lists.get(key) ?? [];
    this.#lists.set(key, list);
    insert(list, one);
    this.#size += 1;
  }

  first(key: string): WaitingRequest | null {
    return this.#lists.get(key)?.[0] ?? null;
  }

  /** The first of each list. */
  *firsts(): Generator<{ key: string; one: WaitingRequest }> {
    for (const [key, [one]] of this.#lists) if (one) yield { key, one };
  }

  /** Takes out all of an experiment's, in the order of the queue. */
  takeOf(experimentId: string): WaitingRequest[] {
    const taken: WaitingRequest[] = [];
    for (const [key, list] of this.#lists) {
      const rest = list.filter((it) => it.request.experimentId !== experimentId);
      if (rest.length === list.length) continue;
      taken.push(...list.filter((it) => it.request.experimentId === experimentId));
      if (rest.length > 0) this.#lists.set(key, rest);
      else this.#lists.delete(key);
    }
    this.#size -= taken.length;
    return taken.sort(compareStanding);
  }

  /** Takes out a whole list, in the order of the queue. */
  take(key: string): readonly WaitingRequest[] {
    const list = this.#lists.get(key) ?? [];
    this.#lists.delete(key);
    this.#size -= list.length;
    return list;
  }

  removeFirst(key: string): void {
    const list = this.#lists.get(key);
    if (!list?.shift()) return;
    this.#size -= 1;
    if (list.length === 0) this.#lists.delete(key);
  }
}
