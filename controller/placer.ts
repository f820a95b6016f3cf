/** The placer: from the queue to nodes. It runs where its database login is given. */
import type { Db } from "../db/client.ts";
import {
  endUnplaced,
  lockPlacer,
  readNodes,
  readQueue,
  writePlacements,
  writeQueueReasons,
  type Placed,
} from "../db/placement.ts";
import { generatePassword } from "./relay/vnc-password.ts";
import { place, type Decision } from "../scheduler/place.ts";

/** Placed per transaction, so that nobody waits long for its locks. */
const batch = 100;

const vncPassword = () => generatePassword().toString("latin1");

function toPlaced(decision: Extract<Decision, { kind: "placed" }>, at: string): Placed {
  return {
    instanceId: decision.request.id,
    nodeId: decision.node.id,
    cpus: decision.request.cpus,
    memoryBytes: decision.request.memoryBytes,
    vncControl: vncPassword(),
    vncView: vncPassword(),
    placement: {
      node: decision.node.name,
      strategy: "spread",
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

/**
 * Places what waits, oldest first, in one short transaction under the placer's row lock.
 *
 * @returns whether there may be more to place at once
 */
export async function placeQueue(db: Db, now: () => Date = () => new Date()): Promise<boolean> {
  return db.transaction(async (tx) => {
    await lockPlacer(tx);
    await endUnplaced(tx);
    const waiting = await readQueue(tx, batch);
    if (waiting.length === 0) return false;
    const decisions = place(waiting, await readNodes(tx));
    const at = now().toISOString();
    const placed = decisions.flatMap((it) => (it.kind === "placed" ? [toPlaced(it, at)] : []));
    await writePlacements(tx, placed);
    await writeQueueReasons(
      tx,
      decisions.flatMap((it) =>
        it.kind === "waits" ? [{ instanceId: it.request.id, ...it.reason }] : [],
      ),
    );
    return placed.length === batch;
  });
}
