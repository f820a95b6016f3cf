/** Rules by which nobody could start an environment any more. */
import type { Known, RuleWarning } from "./judge.ts";
import { couldHold } from "./need.ts";
import { isForEverybody } from "./overlap.ts";
import type { CompiledRule } from "./rules.ts";
import { compileRules, mergeSize } from "./rules.ts";
import { sizeText, rulesText } from "./explain.ts";
import { matchesSelector } from "./selector.ts";
import { Site } from "./site.ts";
import type { Attributes, Situation, Size } from "./types.ts";

interface Environment {
  readonly slug: string;
  readonly kind: "desktop" | "service";
  readonly size: Size;
}
interface Question {
  readonly situation: Situation;
  readonly known: Known;
  readonly wanted: (rule: CompiledRule) => boolean;
}

/** Without a catalogue: the environments that rules name, of a size that every node has. */
function environmentsOf(rules: readonly CompiledRule[], known: Known): readonly Environment[] {
  if (known.environments) return known.environments;
  const size = { cpus: 0, memoryBytes: 0, gpus: 0, gpuMemoryBytes: null };
  const slugs = new Set(rules.flatMap((it) => [...(it.when.environment ?? [])]));
  return ["", ...slugs].map((slug) => ({ slug, kind: "desktop" as const, size }));
}

const anybody = ({ slug, kind }: Environment): Attributes => ({
  environment: slug,
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

/** When the rules that hold for everybody change, from now on. */
function moments(rules: readonly CompiledRule[], now: number): number[] {
  const later = rules
    .flatMap((it) => [it.when.from, it.when.until])
    .filter((it) => it > now && it < Infinity);
  return [now, ...[...new Set(later)].sort((a, b) => a - b).slice(0, 50)];
}

/** Environments that no node of the site could hold by the rules that hold for everybody. */
export function lockouts(
  rules: readonly CompiledRule[],
  { situation, known, wanted }: Question,
): RuleWarning[] {
  const general = rules.filter((it) => isForEverybody(it.when));
  if (situation.nodes.length === 0 || general.length === 0) return [];
  const site = new Site(situation.nodes, []);
  const compiled = compileRules(general.map((it) => it.rule));
  return environmentsOf(general, known).flatMap((environment): RuleWarning[] => {
    for (const at of moments(general, situation.now)) {
      const matching = compiled.matching(anybody(environment), at);
      const guilty = matching.filter((it) => it.require !== null || it.rule.then.resources);
      const blamed = guilty.find((it) => rules.some((one) => one.rule === it.rule && wanted(one)));
      if (!blamed || canStart(site, compiled, environment, at)) continue;
      const effects = compiled.effects(anybody(environment), at);
      const what = environment.slug === "" ? "anything" : environment.slug;
      const asked = effects.require.map((it) => it.text || "any node").join(" and ");
      const size = mergeSize(environment.size, effects);
      const room = size.cpus > 0 ? ` with ${sizeText(size)}` : "";
      const text = `nobody could start ${what}: by ${rulesText(guilty.map((it) => it.rule.name))} it needs a node${asked === "" ? "" : ` that meets ${asked}`}${room}, and there is none`;
      const path = blamed.require ? "then.require" : "then.resources";
      return [{ code: "locks_out", rule: blamed.rule.name, path, text }];
    }
    return [];
  });
}

function canStart(
  site: Site,
  compiled: ReturnType<typeof compileRules>,
  environment: Environment,
  at: number,
): boolean {
  const effects = compiled.effects(anybody(environment), at);
  const size = mergeSize(environment.size, effects);
  return site.nodes.some(
    (node, number) =>
      effects.require.every((it) => it.selector && matchesSelector(it.selector, node.labels)) &&
      couldHold(site, size, number),
  );
}
