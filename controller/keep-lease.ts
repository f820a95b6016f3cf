import type { Db } from "../db/client.ts";
import { LeaseLostError } from "../db/errors.ts";
import { renewLease, type Lease } from "../db/work.ts";

/**
 * Renews at a third of the lease; gives up at two thirds without a renewal. By a clock that nobody
 * sets: a node's own may be put right by an hour while it works.
 *
 * @returns what ends it
 */
export function keepLease(
  db: Db,
  lease: Lease,
  leaseMs: number,
  lost: (error: Error) => void,
): () => void {
  let renewedAt = performance.now();
  const timer = setInterval(() => {
    const asked = performance.now();
    renewLease(db, lease, leaseMs).then(
      () => {
        renewedAt = asked;
      },
      (error: unknown) => {
        if (error instanceof LeaseLostError) lost(error);
      },
    );
    if (performance.now() - renewedAt > (leaseMs * 2) / 3)
      lost(new LeaseLostError(lease.subjectId));
  }, leaseMs / 3);
  return () => clearInterval(timer);
}
