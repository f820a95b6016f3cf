/** The queue as the placer reads it: page by page, with everybody in their place. */
import type { Queryable } from "../db/client.ts";
import { forgetStandings, writeStandings } from "../db/queue.ts";
import { readQueue, type QueuePosition, type Waiting } from "../db/situation.ts";
import { compareStanding, ordersAnew, standing, type Standing } from "../scheduler/queue-order.ts";
import { compileRules, effectsOf, type CompiledRules } from "../scheduler/rules.ts";
import type { Situation } from "../scheduler/types.ts";

/** Placed per transaction, so that nobody waits long for its locks. */
export const pageSize = 100;
/** Ranked per statement. */
const rankSize = 500;

export interface Ranked {
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

/** Writes the places of those who had none. */
export const writeNewRanks = (tx: Queryable, ranks: readonly Ranked[]): Promise<void> =>
  writeRanks(
    tx,
    ranks.filter((it) => !it.request.ranked),
  );

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

/** The first page or the one from after `position`, as it stands. */
export const readQueued = (tx: Queryable, position: QueuePosition | null): Promise<Waiting[]> =>
  readQueue(tx, pageSize, position);

/**
 * The first page or the one from after `position`. What has just come is put in its place in memory, as most of it
 * is placed at once; where more waits than one page holds, everyone's place is written before the first: who is
 * new may stand before all of it.
 *
 * @param queued what `readQueued` gave
 */
export async function readPage(
  tx: Queryable,
  position: QueuePosition | null,
  situation: Situation,
  queued: readonly Waiting[],
): Promise<Ranked[]> {
  const rules = compileRules(situation.rules);
  const rank = (it: Waiting): Ranked => rankOf(it, rules, situation.now);
  let page = queued;
  if (position) return page.map(rank);
  if (page.length === pageSize && (await rankNew(tx, rank)) > 0) page = await readQueued(tx, null);
  return page.map(rank).sort((a, b) => compareStanding(withId(a), withId(b)));
}

/**
 * Has everybody put in their place anew where rules have begun or ceased to count that say something about it: a
 * change of the rules does so by itself, the passing of time does not.
 * @param since ms since 1970
 * @returns `none` had to be, `all` are, or `some`: somebody is left whose place may not be right, and it has to be
 * done again
 */
export async function orderAnew(
  tx: Queryable,
  { rules, now }: Pick<Situation, "rules" | "now">,
  since: number,
): Promise<"none" | "all" | "some"> {
  if (!ordersAnew(rules, since, now)) return "none";
  return (await forgetStandings(tx)) ? "all" : "some";
}
