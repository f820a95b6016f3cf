/** Images beforehand: what is likely to be started where, so that nobody waits while it is fetched. */
import type { Db } from "../db/client.ts";
import { readNodes, readRules } from "../db/situation.ts";
import {
  readLikelyVersions,
  writeWantedImages,
  type LikelyVersion,
  type WantedImage,
} from "../db/wanted-images.ts";
import { compileRules, effectsOf } from "../scheduler/rules.ts";
import { matchesSelector } from "../scheduler/selector.ts";
import type { Attributes, Candidate, Rule } from "../scheduler/types.ts";

/** Of each node; what nodes may hold in bytes is their own setting. */
const versionsPerNode = 20;
/** Pulls under way in the whole site. */
const pullsAtOnce = 4;

/** Somebody of whom nothing is known: rules that look at people say nothing of where an image is likely. */
const anybody = ({ environment, kind }: LikelyVersion): Attributes => ({
  environment,
  kind,
  beamline: null,
  beamlineId: null,
  experiment: null,
  experimentId: null,
  beamtime: null,
  user: "",
  userId: "",
  roles: [],
  groupIds: [],
});

function because({ starts, newest }: LikelyVersion): string {
  const used = starts === 1 ? "started once in 14 days" : `started ${starts} times in 14 days`;
  if (!newest) return used;
  return starts === 0 ? "the newest version" : `the newest version, ${used}`;
}

/**
 * The versions that rules let a node have, those that are started most first.
 * @param versions in that order
 */
export function wantedImages(
  nodes: readonly Pick<Candidate, "id" | "labels" | "draining">[],
  versions: readonly LikelyVersion[],
  rules: readonly Rule[],
  now: number,
): WantedImage[] {
  const compiled = compileRules(rules);
  const likely = versions.map((version) => ({
    version,
    require: effectsOf(anybody(version), compiled, now).require,
  }));
  return nodes.flatMap((node) =>
    node.draining
      ? []
      : likely
          .filter(({ require }) =>
            require.every((it) => it.selector && matchesSelector(it.selector, node.labels)),
          )
          .slice(0, versionsPerNode)
          .map(({ version }) => ({
            nodeId: node.id,
            versionId: version.id,
            because: because(version),
          })),
  );
}

/** Writes what is wanted where. @returns how many pulls were asked for */
export async function askForImages(db: Db, now = Date.now()): Promise<number> {
  const [nodes, versions, rules] = await Promise.all([
    readNodes(db),
    readLikelyVersions(db),
    readRules(db),
  ]);
  return writeWantedImages(db, wantedImages(nodes, versions, rules, now), pullsAtOnce);
}
