import { Failure } from "../failure.ts";

/**
 * Waits for work, but no longer than until the signal; what the work goes on doing is somebody else's to end.
 * @throws Failure `interrupted`
 */
export async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void =>
    aborted.reject(new Failure("interrupted", "Stopped before the cluster was ready."));
  aborted.promise.catch(() => undefined);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
