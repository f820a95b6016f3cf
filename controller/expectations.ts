/** When those that wait may expect their turn. */
import type { Db } from "../db/client.ts";
import { writeEstimates } from "../db/queue.ts";
import { readQueue, readSituation, readUsual } from "../db/situation.ts";
import { estimateQueue } from "../scheduler/estimate.ts";

/** Who stands behind so many is told nothing: it would be a guess on guesses. */
const farthest = 1000;

/** Writes what changed by at least a minute. Reads without locks: it must hold up no placing. */
export async function writeExpectations(db: Db): Promise<void> {
  const waiting = await readQueue(db, farthest, null, { lock: false });
  if (waiting.length === 0) return;
  const expected = estimateQueue(waiting, await readSituation(db, readUsual(db)));
  await writeEstimates(
    db,
    waiting.map(({ id }) => {
      const found = expected.get(id);
      return { id, at: found?.at ?? null, basis: found?.basis ?? null };
    }),
  );
}
