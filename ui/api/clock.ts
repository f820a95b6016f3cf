/**
 * How far this computer's clock is from the server's. `Date` headers count whole seconds, so each one
 * gives an interval for the difference; together they narrow it. Only a clock that is provably wrong
 * is corrected.
 */
export interface Skew {
  readonly lowMs: number;
  readonly highMs: number;
}

export const unknownSkew: Skew = { lowMs: -Infinity, highMs: Infinity };

/**
 * Adds what one answer tells. `sentMs` and `receivedMs` are this computer's time, `dateMs` the
 * server's, cut to the second. Intervals that contradict each other mean that a clock was set: the
 * newest counts.
 */
export function observeDate(skew: Skew, dateMs: number, sentMs: number, receivedMs: number): Skew {
  const lowMs = sentMs - dateMs - 1000;
  const highMs = receivedMs - dateMs;
  const joined = { lowMs: Math.max(skew.lowMs, lowMs), highMs: Math.min(skew.highMs, highMs) };
  return joined.lowMs > joined.highMs ? { lowMs, highMs } : joined;
}

/** What to subtract from this computer's time to get the server's, in milliseconds. */
export function correctionMs(skew: Skew): number {
  if (skew.lowMs <= 0 && skew.highMs >= 0) return 0;
  return Math.round((skew.lowMs + skew.highMs) / 2);
}

let current = unknownSkew;

/** Learns from an answer's `Date` header; ignores a missing or malformed one. */
export function learnFromAnswer(headers: Headers, sentMs: number, receivedMs: number): void {
  const dateMs = Date.parse(headers.get("date") ?? "");
  if (!Number.isNaN(dateMs)) current = observeDate(current, dateMs, sentMs, receivedMs);
}

/** Now by the server's clock, in milliseconds since 1970. */
export function serverNowMs(): number {
  return Date.now() - correctionMs(current);
}
