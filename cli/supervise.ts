import { setTimeout as delay } from "node:timers/promises";
import { Backoff, partBackoff } from "./backoff.ts";
import type { BackoffOptions } from "./backoff.ts";
import { Failure } from "./failure.ts";

/** One run of a part, from its start to its end. */
export interface Run {
  /** Resolves when the part can do its work; never rejects. */
  ready: Promise<void>;
  /** Resolves when it has ended, wanted or not, with words for how: `exit code 1`. */
  ended: Promise<string>;
  /** Asks it to end, and ends it where it does not; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

export interface Part {
  name: string;
  start(): Promise<Run>;
}

export interface SuperviseOptions {
  onLine: (line: string) => void;
  backoff?: BackoffOptions;
  /** So many deaths before it was ready for the first time, and it is given up. */
  attempts?: number;
  now?: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Supervised {
  /** Resolves when the part is ready for the first time; rejects with a Failure where it never will be. */
  ready: Promise<void>;
  /** Ends it and starts it again at once, also where it is waiting for its next try. */
  restart(): Promise<void>;
  /** Ends it for good, in whatever phase it is. */
  stop(): Promise<void>;
  kill(): void;
}

/** Keeps a part running until it is stopped: a dead one is started again, with growing pauses. */
export function supervise(part: Part, options: SuperviseOptions): Supervised {
  const supervisor = new Supervisor(part, options);
  const loop = supervisor.run();
  return {
    ready: supervisor.ready,
    restart: () => supervisor.restart(),
    stop: async () => {
      supervisor.end();
      await loop;
    },
    kill: () => supervisor.kill(),
  };
}

class Supervisor {
  readonly ready: Promise<void>;
  readonly #part: Part;
  readonly #options: SuperviseOptions;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #now: () => number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #settleReady: { resolve: () => void; reject: (error: unknown) => void };
  #wasReady = false;
  #attempts = 0;
  #run: Run | undefined;
  #starting = false;
  #restarting = false;
  #wake = new AbortController();

  constructor(part: Part, options: SuperviseOptions) {
    this.#part = part;
    this.#options = options;
    this.#backoff = new Backoff(options.backoff ?? partBackoff);
    this.#now = options.now ?? (() => performance.now());
    this.#sleep = options.sleep ?? ((ms, signal) => delay(ms, undefined, { signal }));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#settleReady = { resolve, reject };
    // Nobody may be waiting for it any more when it fails.
    promise.catch(() => undefined);
  }

  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const startedAt = this.#now();
      const how = await this.#once();
      if (this.#stopping.signal.aborted) break;
      if (this.#restarting) {
        this.#restarting = false;
        continue;
      }
      this.#abandonUnready(how);
      if (this.#stopping.signal.aborted) break;
      const waitMs = this.#backoff.afterDeath(this.#now() - startedAt);
      const when = waitMs < 1_000 ? "now" : `in ${Math.round(waitMs / 1_000)} s`;
      this.#options.onLine(`The ${this.#part.name} ended (${how}); it is started again ${when}.`);
      this.#wake = new AbortController();
      const woken = AbortSignal.any([this.#stopping.signal, this.#wake.signal]);
      await this.#sleep(waitMs, woken).catch(() => undefined);
    }
    this.#settleReady.reject(new Failure("interrupted", `The ${this.#part.name} was stopped.`));
  }

  end(): void {
    this.#stopping.abort();
    void this.#run?.stop();
  }

  kill(): void {
    this.#stopping.abort();
    this.#run?.kill();
  }

  async restart(): Promise<void> {
    this.#wake.abort();
    this.#restarting = this.#starting || this.#run !== undefined;
    await this.#run?.stop();
  }

  /** @returns how it ended */
  async #once(): Promise<string> {
    this.#attempts++;
    this.#starting = true;
    let run: Run;
    try {
      run = await this.#part.start();
    } catch (error) {
      // Written for a person to act on: a second try would end like the first.
      if (!this.#wasReady && error instanceof Failure) this.#abandon(error);
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#starting = false;
    }
    this.#run = run;
    // Asked to end while it was starting.
    if (this.#stopping.signal.aborted || this.#restarting) await run.stop();
    void run.ready.then(() => {
      this.#wasReady = true;
      this.#settleReady.resolve();
    });
    const how = await run.ended;
    this.#run = undefined;
    return how;
  }

  #abandonUnready(how: string): void {
    if (this.#wasReady || this.#attempts < (this.#options.attempts ?? 3)) return;
    const message = `The ${this.#part.name} does not start: it ended with ${how}.`;
    this.#abandon(new Failure("process_failed", message));
  }

  #abandon(failure: Failure): void {
    this.#settleReady.reject(failure);
    this.#stopping.abort();
  }
}
