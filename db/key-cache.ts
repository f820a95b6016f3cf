/**
 * Copies of keys, by key id, that a process works with. They are looked at anew when they are old,
 * and when a key is asked for that they lack: a key that was published a moment ago is found, and
 * whoever makes up key ids costs the database one look per second and no more.
 */
import { keyCopyMaxAgeSeconds } from "./key-schedule.ts";

export interface KeyCache<K> {
  /** Every key, as of at most `maxAgeMs` ago. */
  all(): Promise<ReadonlyMap<string, K>>;
  /**
   * One key. Of an unknown one it is undefined only after a look that began after this call; calls
   * share looks, so it may take `relookMs`.
   */
  find(kid: string): Promise<K | undefined>;
  /** Every key, as of now. For those who know that something has changed. */
  reload(): Promise<ReadonlyMap<string, K>>;
}

/**
 * What a cache knows. Runtimes that may not share work between requests, only what came of it, make a
 * cache for each request over one of these.
 */
export interface KeyCacheState<K> {
  keys: ReadonlyMap<string, K>;
  /** When the look began that `keys` come from, and its number. */
  keysFrom: number;
  keysOf: number;
  /** How many looks have begun, and when the last one did, whatever came of it. */
  begun: number;
  lookedAt: number;
}

export function emptyKeyCacheState<K>(): KeyCacheState<K> {
  return { keys: new Map(), keysFrom: -Infinity, keysOf: 0, begun: 0, lookedAt: -Infinity };
}

export interface KeyCacheOptions {
  /** Default: what the schedule of keys allows. */
  readonly maxAgeMs?: number;
  /** Between two looks for keys that are not known; default 1000. */
  readonly relookMs?: number;
  /** Calls that may wait for a look at once; those beyond are told at once that there is none. Default 100. */
  readonly waitingLimit?: number;
  /** Any clock in milliseconds that does not go back. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
}

const timerSleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** @param load reads every key that is not retired */
export function createKeyCache<K>(
  load: () => Promise<ReadonlyMap<string, K>>,
  options: KeyCacheOptions = {},
  state: KeyCacheState<K> = emptyKeyCacheState(),
): KeyCache<K> {
  const { maxAgeMs = keyCopyMaxAgeSeconds * 1000, relookMs = 1000, waitingLimit = 100 } = options;
  const { now = () => performance.now(), sleep = timerSleep } = options;
  let looking: Promise<void> | undefined;
  let relooking: Promise<void> | undefined;
  let waiting = 0;

  async function look(): Promise<void> {
    state.begun += 1;
    state.lookedAt = now();
    const [at, number] = [state.lookedAt, state.begun];
    const keys = await load();
    // Another request's look may have begun later and ended sooner.
    if (number > state.keysOf) Object.assign(state, { keys, keysFrom: at, keysOf: number });
  }
  /** Joins a look that is under way. */
  function lookShared(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }
  async function relook(): Promise<void> {
    for (;;) {
      const waitMs = state.lookedAt + relookMs - now();
      if (waitMs <= 0) return lookShared();
      const before = state.keysOf;
      await sleep(waitMs);
      // Someone else over the same state has looked meanwhile.
      if (state.keysOf > before) return;
    }
  }
  function relookShared(): Promise<void> {
    relooking ??= relook().finally(() => {
      relooking = undefined;
    });
    return relooking;
  }
  async function all(): Promise<ReadonlyMap<string, K>> {
    if (now() - state.keysFrom > maxAgeMs) await lookShared();
    return state.keys;
  }

  return {
    all,
    async find(kid) {
      const before = state.begun;
      await all();
      while (!state.keys.has(kid) && state.keysOf <= before && waiting < waitingLimit) {
        waiting += 1;
        await relookShared().finally(() => {
          waiting -= 1;
        });
      }
      return state.keys.get(kid);
    },
    async reload() {
      // One that began before may have missed what the caller knows of.
      await looking?.catch(() => {});
      await lookShared();
      return state.keys;
    },
  };
}
