export interface BackoffOptions {
  /** Before the first new try. */
  firstDelayMs: number;
  /** Before the second; each further one doubles it. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** Something that lived this long is sound: the count starts anew. */
  soundAfterMs: number;
}

/** A part that died is back within a second; one that dies again and again costs little. */
export const partBackoff: BackoffOptions = {
  firstDelayMs: 0,
  baseDelayMs: 1_000,
  maxDelayMs: 30_000,
  soundAfterMs: 30_000,
};

/** How long to wait before something that died is started again. */
export class Backoff {
  readonly #options: BackoffOptions;
  #deaths = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /**
   * @param aliveMs how long it lived this time
   * @returns the wait in ms
   */
  afterDeath(aliveMs: number): number {
    const { firstDelayMs, baseDelayMs, maxDelayMs, soundAfterMs } = this.#options;
    if (aliveMs >= soundAfterMs) this.#deaths = 0;
    this.#deaths++;
    if (this.#deaths === 1) return firstDelayMs;
    return Math.min(maxDelayMs, baseDelayMs * 2 ** (this.#deaths - 2));
  }
}
