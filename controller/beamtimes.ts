/** Beamtimes that begin: nodes for experiments alone, before anybody asks for a desktop. */
import type { Db } from "../db/client.ts";
import { dedicateNode, readUndedicated } from "../db/dedications.ts";
import { lockPlacer } from "../db/placement.ts";
import { readSituation } from "../db/situation.ts";
import { place } from "../scheduler/place.ts";
import type { Request, Rule, RuleWhen } from "../scheduler/types.ts";

type Beamtime = Awaited<ReturnType<typeof readUndedicated>>[number];

const first = (value: RuleWhen["environment"]): string =>
  (typeof value === "string" ? value : value?.[0]) ?? "";

/**
 * What somebody of the experiment would ask for under this rule. A rule that looks at who asks is not known to hold
 * before they do.
 */
function likelyRequest({ id, when, then }: Rule, beamtime: Beamtime): Request | undefined {
  if (!then.dedicate || when.user !== undefined || when.role !== undefined) return undefined;
  const { code, beamline, beamlineId, from, until } = beamtime;
  return {
    id: `${id} ${beamtime.id}`,
    versionId: "",
    environment: first(when.environment),
    kind: when.kind ?? "desktop",
    beamline,
    beamlineId,
    experiment: code,
    experimentId: beamtime.id,
    beamtime: { from, until },
    user: "",
    userId: "",
    roles: [],
    groupIds: [],
    size: { cpus: 0, memoryBytes: 0, gpus: 0, gpuMemoryBytes: null },
    queuedAt: 0,
  };
}

/**
 * Gives every experiment whose beamtime has begun, and for which a rule says so, a node to itself: the one with the
 * fewest others, who are asked to go elsewhere. @returns how many
 */
export async function dedicateForBeamtimes(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    await lockPlacer(tx);
    const [beamtimes, situation] = await Promise.all([readUndedicated(tx), readSituation(tx)]);
    const rules = situation.rules.filter((it) => it.enabled && it.then.dedicate);
    if (beamtimes.length === 0 || rules.length === 0) return 0;
    const requests = beamtimes.flatMap((it) =>
      rules.flatMap((rule) => likelyRequest(rule, it) ?? []),
    );
    let dedicated = 0;
    for (const { kind, ...decision } of place(requests, situation)) {
      if (kind !== "placed" || !("dedicate" in decision) || !decision.dedicate) continue;
      const { experimentId } = decision.request;
      if (experimentId === null) continue;
      const made = { nodeId: decision.node.id, experimentId, ...decision.dedicate };
      if (await dedicateNode(tx, made)) dedicated += 1;
    }
    return dedicated;
  });
}
