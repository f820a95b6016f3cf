/** The placer: from the queue to nodes. It runs where its database login is given. */
import { setImmediate } from "node:timers/promises";
import { sentAtOnce, type Db, type Queryable } from "../db/client.ts";
import { dedicateNode, endDedications } from "../db/dedications.ts";
import {
  endUnplaced,
  lockPlacer,
  refuseQueued,
  writePlacements,
  writeQueueReasons,
  type Placed,
} from "../db/placement.ts";
import {
  nothingUsual,
  readSituation,
  readUsual,
  type QueuePosition,
  type UsualTimes,
} from "../db/situation.ts";
import { writeGatherings, type Gathering } from "../db/gatherings.ts";
import { Ahead } from "../scheduler/limits.ts";
import { place, type Decision } from "../scheduler/place.ts";
import { compareStanding } from "../scheduler/queue-order.ts";
import { generatePassword } from "./relay/vnc-password.ts";
import {
  orderAnew,
  pageSize,
  readPage,
  readQueued,
  writeNewRanks,
  type Ranked,
} from "./queue-pages.ts";

/** Of a long queue so many are looked at before the first one again, at most: looking costs a page. */
const pagesBetweenLooks = 4;

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
  /** By what has ended lately: room is gathered where it is known when there will be enough. */
  usual: UsualTimes;
  /** By this process's clock, ms; so that it is not read for every start. */
  usualReadAt: number;
}
export const nothingRemembered = (): PlacerMemory => ({
  orderedUntil: -Infinity,
  usual: nothingUsual,
  usualReadAt: -Infinity,
});
const usualForMs = 60_000;

/** What one page of the queue came to. */
interface PageOutcome {
  readonly placed: number;
  readonly waits: number;
  /** Where the next page begins; null at the end of the queue. */
  readonly next: QueuePosition | null;
  readonly orderedUntil: number;
  /** Whom it has looked at. */
  readonly ids: readonly string[];
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
  const waiting = decisions.filter((it) => it.kind === "waits");
  await writeQueueReasons(tx, waiting.map(reasonOf));
  await writeGatherings(
    tx,
    waiting.flatMap(({ request, begun }) => (begun ? [{ instanceId: request.id, ...begun }] : [])),
  );
  return placed.length;
}

/** Who stands behind the page's end, and is none of it, keeps a node from nobody on it. */
function gatheredFor(all: readonly Gathering[], page: readonly Ranked[]): Gathering[] {
  const last = page.at(-1);
  if (!last) return [];
  const ids = new Set(page.map((it) => it.request.id));
  const end = { id: last.request.id, ...last.standing };
  return all.map((it) => {
    const standsBefore = compareStanding({ id: it.requestId, ...it.standing }, end) < 0;
    return { ...it, behind: !standsBefore && !ids.has(it.requestId) };
  });
}

/** All that a page is decided by, behind the lock, in one round trip; more where dedications are open. */
async function readLocked(tx: Queryable, from: QueuePosition | null, usual: UsualTimes) {
  const locked = lockPlacer(tx);
  locked.catch(() => {});
  // It is on its way by then, however many steps any query takes until it is sent: nothing is read before it.
  await setImmediate();
  const [, , ended, situation, queued] = await sentAtOnce([
    locked,
    from === null ? endUnplaced(tx) : 0,
    from === null ? endDedications(tx) : 0,
    readSituation(tx, usual),
    readQueued(tx, from),
  ]);
  return { situation: ended === 0 ? situation : await readSituation(tx, usual), queued };
}

/** @param ahead who waits for room on the pages before */
async function placePage(
  db: Db,
  from: QueuePosition | null,
  { orderedUntil, usual, ahead }: PlacerMemory & { readonly ahead: Ahead },
): Promise<PageOutcome> {
  return db.transaction(async (tx) => {
    const { situation, queued } = await readLocked(tx, from, usual);
    const ordered = from === null ? await orderAnew(tx, situation, orderedUntil) : "none";
    const asTheyStand = ordered === "none" ? queued : await readQueued(tx, from);
    const ranks = await readPage(tx, from, situation, asTheyStand);
    const requests = ranks.map((it) => it.request);
    const gathered = gatheredFor(situation.gathered, ranks);
    const decisions = place(requests, { ...situation, gathered }, { ahead, gathers: true });
    const placed = await writeDecisions(tx, decisions, situation.now);
    const waits = new Set(decisions.flatMap((it) => (it.kind === "waits" ? it.request.id : [])));
    await writeNewRanks(
      tx,
      ranks.filter((it) => waits.has(it.request.id)),
    );
    const last = ranks.length < pageSize ? undefined : ranks.at(-1);
    return {
      placed,
      waits: waits.size,
      next: last?.request.position ?? null,
      orderedUntil: from === null && ordered !== "some" ? situation.now : orderedUntil,
      ids: requests.map((it) => it.id),
    };
  });
}

/** Only while somebody waits, and after the walk: nobody waits for it. */
async function learnUsual(db: Db, memory: PlacerMemory): Promise<void> {
  const now = performance.now();
  if (now - memory.usualReadAt < usualForMs) return;
  memory.usual = await readUsual(db);
  memory.usualReadAt = now;
}

/** The first page; who waits for room on it is ahead of all others. */
async function placeFirst(db: Db, memory: PlacerMemory, ahead: Ahead): Promise<PageOutcome> {
  // Whoever stands behind it is ahead of nobody on it.
  const found = new Ahead();
  const page = await placePage(db, null, { ...memory, ahead: found });
  ahead.takeOver(page.ids, found);
  memory.orderedUntil = page.orderedUntil;
  return page;
}

/**
 * Places what waits, in the queue's order, page by page, each in a short transaction under the placer's row
 * lock. The whole queue is looked at: what does not fit must not hide what does. Where there is news meanwhile the
 * first page is looked at again in between: what has become free is for those who stand first, and they do not
 * wait for the end of a long queue. The rest is gone on with all the same, or it would never be looked at.
 *
 * @param activations how often there has been news so far
 * @returns how many were placed
 */
export async function placeQueue(
  db: Db,
  {
    memory = nothingRemembered(),
    activations = () => 0,
  }: { memory?: PlacerMemory; activations?: () => number } = {},
): Promise<number> {
  const ahead = new Ahead();
  let heard = activations();
  let page = await placeFirst(db, memory, ahead);
  let { placed, waits } = page;
  for (let pages = 1; page.next !== null; pages++) {
    page = await placePage(db, page.next, { ...memory, ahead });
    placed += page.placed;
    waits += page.waits;
    if (page.next === null || pages % pagesBetweenLooks > 0 || activations() === heard) continue;
    heard = activations();
    placed += (await placeFirst(db, memory, ahead)).placed;
  }
  if (waits > 0) await learnUsual(db, memory);
  return placed;
}
