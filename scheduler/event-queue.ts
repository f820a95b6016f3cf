/** What is going to happen, the earliest first; of two at the same time the one that was added first. */
export class EventQueue<Event> {
  readonly #heap: { readonly at: number; readonly order: number; readonly event: Event }[] = [];
  #added = 0;

  #before(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (!first || !second) return first !== undefined;
    return first.at !== second.at ? first.at < second.at : first.order < second.order;
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (!first || !second) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }

  add(at: number, event: Event): void {
    this.#heap.push({ at, order: this.#added++, event });
    let child = this.#heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Takes the next event that is not later than `until`. */
  take(until: number): { readonly at: number; readonly event: Event } | null {
    const [first] = this.#heap;
    if (!first || first.at > until) return null;
    this.#swap(0, this.#heap.length - 1);
    this.#heap.pop();
    for (let parent = 0; ;) {
      let best = 2 * parent + 1;
      if (this.#before(best + 1, best)) best += 1;
      if (best >= this.#heap.length || !this.#before(best, parent)) return first;
      this.#swap(best, parent);
      parent = best;
    }
  }
}
