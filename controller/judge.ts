import { sql } from "drizzle-orm";
import type { Db } from "../db/client.ts";
import { judgeLost } from "../db/placement.ts";

/** How long a node may be silent before what stands on it counts as lost, where the site says nothing else. */
export const defaultLostMs = 60_000;

export interface JudgeOptions {
  /** How often it looks. */
  readonly periodMs: number;
  readonly lostMs: number;
  readonly now?: () => number;
}

/**
 * A judge of lost nodes that trusts itself only after it has watched for a full period without a gap:
 * after an outage of the database, or its own, every node looks silent. Every look asks the database,
 * so that an outage in between is noticed.
 */
export function createJudge(
  db: Db,
  { periodMs, lostMs, now = () => performance.now() }: JudgeOptions,
) {
  let watchingSince: number | undefined;
  let lastLook = 0;
  return async function judge(): Promise<number> {
    try {
      await db.execute(sql`select 1`);
      const time = now();
      if (watchingSince === undefined || time - lastLook > periodMs * 3) watchingSince = time;
      lastLook = time;
      return time - watchingSince >= lostMs ? await judgeLost(db, lostMs) : 0;
    } catch (error) {
      watchingSince = undefined;
      throw error;
    }
  };
}
