import type { Db } from "../db/client.ts";
import { judgeLost } from "../db/placement.ts";

/** How long a node may be silent before what stands on it counts as lost. */
export const lostMs = 60_000;

/**
 * A judge of lost nodes that trusts itself only after it has watched for a full period without a gap:
 * after an outage of the database, or its own, every node looks silent.
 */
export function createJudge(db: Db, periodMs: number, now: () => number = () => performance.now()) {
  let watchingSince: number | undefined;
  let lastLook = 0;
  return async function judge(): Promise<number> {
    const time = now();
    if (watchingSince === undefined || time - lastLook > periodMs * 3) watchingSince = time;
    try {
      const lost = time - watchingSince >= lostMs ? await judgeLost(db, lostMs) : 0;
      lastLook = time;
      return lost;
    } catch (error) {
      watchingSince = undefined;
      throw error;
    }
  };
}
