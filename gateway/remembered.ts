/**
 * What was fetched from elsewhere and is kept between requests: values and never promises, as on a Worker
 * what another request waits for may never come. Of several who want the same at once one fetches it.
 */
export interface RememberedOptions {
  /** A value is good for so long. */
  readonly lifeMs: number;
  /** For so long nobody tries again what has failed. */
  readonly faultLifeMs: number;
  /** Whoever fetches has given up by then, or is gone. */
  readonly limitMs: number;
  /** What is kept of a failure: nothing that belongs to a request. */
  readonly faultOf: (error: unknown) => Error;
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<void>;
}

export interface Kept<T> {
  readonly value: T;
  /** Grows with each fetch. */
  readonly version: number;
}

interface Entry<T> {
  kept?: Kept<T> & { readonly at: number };
  fault?: { readonly error: Error; readonly at: number };
  /** Since when somebody fetches. */
  since?: number | undefined;
}

export interface Wanted {
  /** Not this version, and none before it. */
  readonly newerThan?: number;
  /** No older than this; default: the value's life. */
  readonly maxAgeMs?: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const lookAgainMs = 25;

export function createRemembered<T>(options: RememberedOptions) {
  const { lifeMs, faultLifeMs, limitMs, faultOf, now = Date.now, pause = sleep } = options;
  const entries = new Map<string, Entry<T>>();

  async function fetchAnew(entry: Entry<T>, fetch: () => Promise<T>): Promise<Kept<T>> {
    const since = now();
    entry.since = since;
    try {
      const value = await fetch();
      entry.kept = { value, at: since, version: (entry.kept?.version ?? 0) + 1 };
      delete entry.fault;
      return entry.kept;
    } catch (error) {
      entry.fault = { error: faultOf(error), at: now() };
      throw error;
    } finally {
      if (entry.since === since) entry.since = undefined;
    }
  }

  /** @throws what `fetch` throws, and soon after that what was kept of it */
  return async function get(
    key: string,
    fetch: () => Promise<T>,
    { newerThan = 0, maxAgeMs = lifeMs }: Wanted = {},
  ): Promise<Kept<T>> {
    const entry = entries.get(key) ?? {};
    entries.set(key, entry);
    for (;;) {
      const { kept, fault, since } = entry;
      if (kept && now() - kept.at < maxAgeMs && kept.version > newerThan) return kept;
      if (fault && now() - fault.at < faultLifeMs) throw fault.error;
      if (since === undefined || now() - since > limitMs) return fetchAnew(entry, fetch);
      await pause(lookAgainMs);
    }
  };
}
