/** The placer: from the queue to nodes. It runs where its database login is given. */
import type { Db } from "../db/client.ts";
import {
  endUnplaced,
  lockPlacer,
  refuseQueued,
  writePlacements,
  writeQueueReasons,
  type Placed,
} from "../db/placement.ts";
import { readQueue, readSituation, type QueuePosition } from "../db/situation.ts";
import { generatePassword } from "./relay/vnc-password.ts";
import { place, type Decision } from "../scheduler/place.ts";

/** Placed per transaction, so that nobody waits long for its locks. */
const pageSize = 100;

const vncPassword = () => generatePassword().toString("latin1");

function toPlaced(decision: Extract<Decision, { kind: "placed" }>, at: string): Placed {
  return {
    instanceId: decision.request.id,
    nodeId: decision.node.id,
    cpus: decision.size.cpus,
    memoryBytes: decision.size.memoryBytes,
    vncControl: vncPassword(),
    vncView: vncPassword(),
    placement: {
      node: decision.node.name,
      strategy: decision.strategy,
      at,
      filtered: { ...decision.refused },
      best: decision.best.map((it) => ({
        node: it.node.name,
        score: it.score,
        lines: [...it.lines],
      })),
    },
  };
}

/** What one page of the queue came to. */
interface PageOutcome {
  readonly placed: number;
  /** Where the next page begins; null at the end of the queue. */
  readonly next: QueuePosition | null;
}

async function placePage(db: Db, from: QueuePosition | null, at: string): Promise<PageOutcome> {
  return db.transaction(async (tx) => {
    await lockPlacer(tx);
    if (from === null) await endUnplaced(tx);
    const waiting = await readQueue(tx, pageSize, from);
    const last = waiting.at(-1);
    if (!last) return { placed: 0, next: null };
    const decisions = place(waiting, await readSituation(tx));
    const placed = decisions.flatMap((it) => (it.kind === "placed" ? [toPlaced(it, at)] : []));
    await writePlacements(tx, placed);
    const reasonsOf = (kind: "waits" | "refused") =>
      decisions.flatMap((it) =>
        it.kind === kind ? [{ instanceId: it.request.id, ...it.reason }] : [],
      );
    await refuseQueued(tx, reasonsOf("refused"));
    await writeQueueReasons(tx, reasonsOf("waits"));
    const next = waiting.length < pageSize ? null : last.position;
    return { placed: placed.length, next };
  });
}

/**
 * Places what waits, oldest first, page by page, each in a short transaction under the placer's row
 * lock. The whole queue is looked at: what does not fit must not hide what does.
 *
 * @returns how many were placed
 */
export async function placeQueue(db: Db, now: () => Date = () => new Date()): Promise<number> {
  const at = now().toISOString();
  let placed = 0;
  let from: QueuePosition | null = null;
  do {
    const page: PageOutcome = await placePage(db, from, at);
    placed += page.placed;
    from = page.next;
  } while (from !== null);
  return placed;
}
