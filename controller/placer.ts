/** The placer: from the queue to nodes. It runs where its database login is given. */
import type { Db, Queryable } from "../db/client.ts";
import { dedicateNode, endDedications } from "../db/dedications.ts";
import {
  endUnplaced,
  lockPlacer,
  refuseQueued,
  writePlacements,
  writeQueueReasons,
  type Placed,
} from "../db/placement.ts";
import { readSituation, type QueuePosition } from "../db/situation.ts";
import { Ahead } from "../scheduler/limits.ts";
import { place, type Decision } from "../scheduler/place.ts";
import { generatePassword } from "./relay/vnc-password.ts";
import { orderAnew, pageSize, readPage, writeNewRanks } from "./queue-pages.ts";

const vncPassword = () => generatePassword().toString("latin1");

type PlacedDecision = Extract<Decision, { kind: "placed" }>;

function gpusOf({ gpus }: PlacedDecision): { uuid: string; memoryBytes: number }[] {
  return gpus.map(({ uuid, shares }) => ({
    uuid,
    memoryBytes: shares.reduce((sum, it) => sum + it.memoryBytes, 0),
  }));
}

function toPlaced(decision: PlacedDecision, now: number): Placed {
  const { request, node, size } = decision;
  return {
    instanceId: request.id,
    nodeId: node.id,
    cpus: size.cpus,
    memoryBytes: size.memoryBytes,
    gpus: decision.gpus.flatMap(({ uuid, shares }) => shares.map((it) => ({ uuid, ...it }))),
    maxMinutes: decision.maxMinutes,
    vncControl: vncPassword(),
    vncView: vncPassword(),
    placement: {
      node: node.name,
      strategy: decision.strategy,
      at: new Date(now).toISOString(),
      rules: [...decision.rules],
      ...(decision.gpus.length > 0 ? { gpus: gpusOf(decision) } : {}),
      filtered: { ...decision.refused },
      best: decision.best.map((it) => ({
        node: it.node.name,
        score: it.score,
        lines: [...it.lines],
      })),
    },
  };
}

/** What a placer remembers from one walk to the next. It may be lost: then the queue is ordered once more. */
export interface PlacerMemory {
  /** The database's time up to which what rules say about places in the queue is in them, ms since 1970. */
  orderedUntil: number;
}
export const nothingRemembered = (): PlacerMemory => ({ orderedUntil: -Infinity });

/** One walk through the queue. */
interface Walk {
  readonly memory: PlacerMemory;
  /** Who waits for room on the pages before. */
  readonly ahead: Ahead;
}

/** What one page of the queue came to. */
interface PageOutcome {
  readonly placed: number;
  /** Where the next page begins; null at the end of the queue. */
  readonly next: QueuePosition | null;
  readonly orderedUntil: number;
}

async function writeDecisions(
  tx: Queryable,
  decisions: readonly Decision[],
  now: number,
): Promise<number> {
  const placed = decisions.filter((it) => it.kind === "placed");
  for (const { dedicate, node, request } of placed) {
    if (dedicate && request.experimentId !== null)
      await dedicateNode(tx, { nodeId: node.id, experimentId: request.experimentId, ...dedicate });
  }
  await writePlacements(
    tx,
    placed.map((it) => toPlaced(it, now)),
  );
  const reasonOf = ({ request, reason }: Exclude<Decision, PlacedDecision>) => ({
    instanceId: request.id,
    code: reason.code,
    text: reason.text,
  });
  await refuseQueued(tx, decisions.filter((it) => it.kind === "refused").map(reasonOf));
  await writeQueueReasons(tx, decisions.filter((it) => it.kind === "waits").map(reasonOf));
  return placed.length;
}

async function placePage(db: Db, from: QueuePosition | null, walk: Walk): Promise<PageOutcome> {
  return db.transaction(async (tx) => {
    await lockPlacer(tx);
    if (from === null) await Promise.all([endUnplaced(tx), endDedications(tx)]);
    const situation = await readSituation(tx);
    const { orderedUntil } = walk.memory;
    const ordered = from !== null || (await orderAnew(tx, situation, orderedUntil));
    const ranks = await readPage(tx, from, situation);
    const decisions = place(
      ranks.map((it) => it.request),
      situation,
      walk.ahead,
    );
    const placed = await writeDecisions(tx, decisions, situation.now);
    const waits = new Set(decisions.flatMap((it) => (it.kind === "waits" ? it.request.id : [])));
    await writeNewRanks(
      tx,
      ranks.filter((it) => waits.has(it.request.id)),
    );
    const last = ranks.length < pageSize ? undefined : ranks.at(-1);
    return {
      placed,
      next: last?.request.position ?? null,
      orderedUntil: from === null && ordered ? situation.now : orderedUntil,
    };
  });
}

/**
 * Places what waits, in the queue's order, page by page, each in a short transaction under the placer's row
 * lock. The whole queue is looked at: what does not fit must not hide what does.
 *
 * @returns how many were placed
 */
export async function placeQueue(
  db: Db,
  memory: PlacerMemory = nothingRemembered(),
): Promise<number> {
  let placed = 0;
  let from: QueuePosition | null = null;
  const walk = { memory, ahead: new Ahead() };
  do {
    const page: PageOutcome = await placePage(db, from, walk);
    placed += page.placed;
    memory.orderedUntil = page.orderedUntil;
    from = page.next;
  } while (from !== null);
  return placed;
}
