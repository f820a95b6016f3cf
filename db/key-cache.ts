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
): KeyCache<K> {
  const { maxAgeMs = keyCopyMaxAgeSeconds * 1000, relookMs = 1000, waitingLimit = 100 } = options;
  const { now = () => performance.now(), sleep = timerSleep } = options;
  let keys: ReadonlyMap<string, K> = new Map();
  /** When the look began that `keys` come from, and its number. */
  let keysFrom = -Infinity;
  let keysOf = 0;
  /** How many looks have begun, and when the last one did, whatever came of it. */
  let begun = 0;
  let lookedAt = -Infinity;
  let looking: Promise<void> | undefined;
  let relooking: Promise<void> | undefined;
  let waiting = 0;

  async function look(): Promise<void> {
    begun += 1;
    lookedAt = now();
    const [at, number] = [lookedAt, begun];
    keys = await load();
    keysFrom = at;
    keysOf = number;
  }
  /** Joins a look that is under way. */
  function lookShared(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }
  async function relook(): Promise<void> {
    const waitMs = lookedAt + relookMs - now();
    if (waitMs > 0) await sleep(waitMs);
    await lookShared();
  }
  function relookShared(): Promise<void> {
    relooking ??= relook().finally(() => {
      relooking = undefined;
    });
    return relooking;
  }
  async function all(): Promise<ReadonlyMap<string, K>> {
    if (now() - keysFrom > maxAgeMs) await lookShared();
    return keys;
  }

  return {
    all,
    async find(kid) {
      const before = begun;
      await all();
      while (!keys.has(kid) && keysOf <= before && waiting < waitingLimit) {
        waiting += 1;
        await relookShared().finally(() => {
          waiting -= 1;
        });
      }
      return keys.get(kid);
    },
    async reload() {
      // One that began before may have missed what the caller knows of.
      await looking?.catch(() => {});
      await lookShared();
      return keys;
    },
  };
}
