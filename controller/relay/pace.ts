/** How much one client may ask of a desktop's VNC server, which works for all others meanwhile. */

export interface PaceOptions {
  /** Earned per second; default 500. */
  readonly perSecond?: number;
  /** Kept at most; default 1000. */
  readonly burst?: number;
  /** Owed at most, however much was spent at a time; default 1000. */
  readonly debtLimit?: number;
  /** Any clock in milliseconds that does not go back. */
  readonly now?: () => number;
}

/** A budget that fills up again; what was spent beyond it has to be waited for. */
export class Pace {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #debtLimit: number;
  readonly #now: () => number;
  #left: number;
  #countedAt: number;

  constructor(options: PaceOptions = {}) {
    const { perSecond = 500, burst = 1000, debtLimit = 1000 } = options;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#debtLimit = debtLimit;
    this.#now = options.now ?? (() => performance.now());
    this.#left = burst;
    this.#countedAt = this.#now();
  }

  spend(cost: number): void {
    this.#left = Math.max(this.#left - cost, -this.#debtLimit);
  }

  /** How long to wait before anything more is spent; 0 while something is left. */
  waitMs(): number {
    const now = this.#now();
    const earned = ((now - this.#countedAt) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#left + earned, this.#burst);
    this.#countedAt = now;
    return this.#left > 0 ? 0 : ((1 - this.#left) / this.#perSecond) * 1000;
  }
}
