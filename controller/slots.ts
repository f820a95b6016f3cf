/** How many pieces of work are under way at once. What only waits for something slow steps aside meanwhile. */
export class Slots {
  readonly #count: number;
  readonly #onFree: () => void;
  /** Those who wait for their turn, in order. */
  readonly #line: (() => void)[] = [];
  #taken = 0;

  /** @param onFree called whenever more may be begun */
  constructor(count: number, onFree: () => void) {
    this.#count = count;
    this.#onFree = onFree;
  }

  /** How many more may be begun; those who wait for their turn come first. */
  get free(): number {
    return Math.max(0, this.#count - this.#taken - this.#line.length);
  }

  /** Waits for a slot. Whoever is called off has one at once, over the number: they are about to end. */
  enter(signal: AbortSignal): Promise<void> {
    if (this.#taken < this.#count || signal.aborted) {
      this.#taken += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const enter = () => {
        signal.removeEventListener("abort", calledOff);
        this.#taken += 1;
        resolve();
      };
      const calledOff = () => {
        this.#line.splice(this.#line.indexOf(enter), 1);
        enter();
      };
      signal.addEventListener("abort", calledOff);
      this.#line.push(enter);
    });
  }

  leave(): void {
    this.#taken -= 1;
    while (this.#taken < this.#count && this.#line.length > 0) this.#line.shift()?.();
    if (this.free > 0) this.#onFree();
  }

  /**
   * Gives the slot of whoever calls to others while they wait, and takes one again afterwards.
   * @throws what `wait` throws, with a slot all the same; the signal's reason
   */
  async aside<T>(wait: () => Promise<T>, signal: AbortSignal): Promise<T> {
    this.leave();
    try {
      return await wait();
    } finally {
      await this.enter(signal);
      signal.throwIfAborted();
    }
  }
}
