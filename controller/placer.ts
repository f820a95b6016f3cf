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
import { writeStandings } from "../db/queue.ts";
import { readQueue, readSituation, type QueuePosition, type Waiting } from "../db/situation.ts";
import { Ahead } from "../scheduler/limits.ts";
import { place, type Decision } from "../scheduler/place.ts";
import { compareStanding, standing, type Standing } from "../scheduler/queue-order.ts";
import { compileRules, effectsOf, type CompiledRules } from "../scheduler/rules.ts";
import { generatePassword } from "./relay/vnc-password.ts";

/** Placed per transaction, so that nobody waits long for its locks. */
const pageSize = 100;
/** Ranked per transaction. */
const rankSize = 500;

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

interface Ranked {
  readonly request: Waiting;
  readonly standing: Standing;
}

function rankOf(request: Waiting, rules: CompiledRules, now: number): Ranked {
  const { position, standsAt, ranked, ahead } = request;
  const known = { priority: position.priority, at: standsAt };
  return {
    request,
    standing: ranked ? known : standing(request, effectsOf(request, rules, now), ahead),
  };
}

const withId = ({ request, standing }: Ranked) => ({ id: request.id, ...standing });

const writeRanks = (tx: Queryable, ranks: readonly Ranked[]) =>
  writeStandings(tx, ranks.map(withId));

/** Puts everyone in their place who has none yet, wherever they stand. @returns how many */
async function rankNew(tx: Queryable, rank: (it: Waiting) => Ranked): Promise<number> {
  let ranked = 0;
  for (;;) {
    const unranked = await readQueue(tx, rankSize, null, { unranked: true });
    await writeRanks(tx, unranked.map(rank));
    ranked += unranked.length;
    if (unranked.length < rankSize) return ranked;
  }
}

/**
 * The queue's first page. What has just come is put in its place in memory, as most of it is placed at once; where
 * more waits than one page holds, everyone's place is written first: who is new may stand before all of the page.
 */
async function readFirstPage(tx: Queryable, rules: CompiledRules, now: number): Promise<Ranked[]> {
  const rank = (it: Waiting): Ranked => rankOf(it, rules, now);
  let page = await readQueue(tx, pageSize);
  if (page.length === pageSize && (await rankNew(tx, rank)) > 0)
    page = await readQueue(tx, pageSize);
  return page.map(rank).sort((a, b) => compareStanding(withId(a), withId(b)));
}

/** What one page of the queue came to. */
interface PageOutcome {
  readonly placed: number;
  /** Where the next page begins; null at the end of the queue. */
  readonly next: QueuePosition | null;
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

/** @param ahead who waits for room on the pages before */
async function placePage(db: Db, from: QueuePosition | null, ahead: Ahead): Promise<PageOutcome> {
  return db.transaction(async (tx) => {
    await lockPlacer(tx);
    if (from === null) await Promise.all([endUnplaced(tx), endDedications(tx)]);
    const situation = await readSituation(tx);
    const rules = compileRules(situation.rules);
    const ranks =
      from === null
        ? await readFirstPage(tx, rules, situation.now)
        : (await readQueue(tx, pageSize, from)).map((it) => rankOf(it, rules, situation.now));
    const decisions = place(
      ranks.map((it) => it.request),
      situation,
      ahead,
    );
    const placed = await writeDecisions(tx, decisions, situation.now);
    const waits = new Set(decisions.flatMap((it) => (it.kind === "waits" ? it.request.id : [])));
    const waiting = ranks.filter((it) => waits.has(it.request.id));
    await writeRanks(
      tx,
      waiting.filter((it) => !it.request.ranked),
    );
    const last = ranks.length < pageSize ? undefined : ranks.at(-1);
    return { placed, next: last?.request.position ?? null };
  });
}

/**
 * Places what waits, in the queue's order, page by page, each in a short transaction under the placer's row
 * lock. The whole queue is looked at: what does not fit must not hide what does.
 *
 * @returns how many were placed
 */
export async function placeQueue(db: Db): Promise<number> {
  let placed = 0;
  let from: QueuePosition | null = null;
  const ahead = new Ahead();
  do {
    const page: PageOutcome = await placePage(db, from, ahead);
    placed += page.placed;
    from = page.next;
  } while (from !== null);
  return placed;
}
