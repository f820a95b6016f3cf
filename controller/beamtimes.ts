/** Beamtimes that begin: nodes for experiments alone, before anybody asks for a desktop. */
import type { Db } from "../db/client.ts";
import { dedicateNode, readUndedicated } from "../db/dedications.ts";
import { lockPlacer } from "../db/placement.ts";
import { readSituation } from "../db/situation.ts";
import { takenBeforehand } from "../scheduler/beforehand.ts";

/**
 * Gives every experiment whose beamtime has begun, and for which a rule says so, a node to itself: the one with the
 * fewest others, who are asked to go elsewhere. @returns how many
 */
export async function dedicateForBeamtimes(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    await lockPlacer(tx);
    const beamtimes = await readUndedicated(tx);
    if (beamtimes.length === 0) return 0;
    let dedicated = 0;
    for (const { beamtime, node, rule } of takenBeforehand(beamtimes, await readSituation(tx))) {
      const by = { ruleId: rule.id, ruleName: rule.name };
      if (await dedicateNode(tx, { nodeId: node.id, experimentId: beamtime.id, ...by }))
        dedicated += 1;
    }
    return dedicated;
  });
}
