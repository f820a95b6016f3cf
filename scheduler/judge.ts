/** What is wrong with rules, before they are saved. */
import { canBothHold, covers } from "./overlap.ts";
import { lockouts } from "./lockout.ts";
import { countedBy, limitKinds, scopeTexts } from "./limits.ts";
import { compileRules, ruleMatches, type CompiledRule, type RuleSelector } from "./rules.ts";
import { contradictionIn } from "./selector-logic.ts";
import { matchesSelector, type Selector } from "./selector.ts";
import type { Candidate, Live, Rule, RuleThen, Situation, Size } from "./types.ts";

export interface RuleWarning {
  readonly code:
    | "contradiction"
    | "locks_out"
    | "matches_no_node"
    | "never_matches"
    | "shadowed"
    | "limit_reached"
    | "takes_nodes";
  /** The name of the rule it is about. */
  readonly rule: string | null;
  /** E.g. `then.require`. */
  readonly path: string;
  readonly text: string;
}

/** What there is beside nodes; what is not given is not judged. */
export interface Known {
  readonly environments?: readonly {
    readonly slug: string;
    readonly kind: "desktop" | "service";
    readonly size: Size;
  }[];
  readonly beamlines?: ReadonlySet<string>;
  readonly experiments?: ReadonlySet<string>;
  readonly users?: ReadonlySet<string>;
}

const about = (it: CompiledRule, code: RuleWarning["code"], path: string, text: string) => ({
  code,
  rule: it.rule.name,
  path,
  text,
});

const anyMeets = (selector: Selector, nodes: readonly Candidate[]) =>
  nodes.some((it) => matchesSelector(selector, it.labels));

function selectorWarning(
  it: CompiledRule,
  { text, selector, fault }: RuleSelector,
  { path, nodes, consequence }: { path: string; nodes: readonly Candidate[]; consequence: string },
): RuleWarning[] {
  if (!selector) {
    const why = `"${text}" cannot be read: ${fault?.message ?? ""}; ${consequence}`;
    return [about(it, "matches_no_node", path, why)];
  }
  const key = contradictionIn(selector);
  if (key !== null)
    return [
      about(it, "contradiction", path, `what it asks of ${key} excludes itself; ${consequence}`),
    ];
  if (anyMeets(selector, nodes)) return [];
  return [about(it, "matches_no_node", path, `no node meets ${text} now; ${consequence}`)];
}

function selectorWarnings(it: CompiledRule, nodes: readonly Candidate[]): RuleWarning[] {
  const { require } = it;
  const waits = { path: "then.require", nodes, consequence: "what it holds for gets no place" };
  return [
    ...(require ? selectorWarning(it, require, waits) : []),
    ...it.prefer.flatMap((one, index) =>
      selectorWarning(it, one, {
        path: `then.prefer.${index}.selector`,
        nodes,
        consequence: "its points go to no node",
      }),
    ),
  ];
}

/** Two rules that can hold together, and ask for what no node can be. */
function pairWarning(a: CompiledRule, b: CompiledRule, nodes: readonly Candidate[]): RuleWarning[] {
  const [first, second] = [a.require?.selector, b.require?.selector];
  if (!first || !second || !canBothHold(a.when, b.when)) return [];
  if (contradictionIn(first) !== null || contradictionIn(second) !== null) return [];
  const both = [...first, ...second];
  const key = contradictionIn(both);
  const other = `rule "${b.rule.name}" (${b.require?.text ?? ""})`;
  if (key !== null) {
    const text = `it excludes ${other} by what both ask of ${key}: what both hold for is refused`;
    return [about(a, "contradiction", "then.require", text)];
  }
  if (!anyMeets(first, nodes) || !anyMeets(second, nodes) || anyMeets(both, nodes)) return [];
  const text = `no node meets it and ${other}: what both hold for gets no place`;
  return [about(a, "locks_out", "then.require", text)];
}

function unknownIn(
  { rule }: CompiledRule,
  field: "environment" | "beamline" | "experiment" | "user",
  known: ReadonlySet<string> | undefined,
): string | null {
  const wanted = rule.when[field];
  if (wanted === undefined || !known) return null;
  const names = typeof wanted === "string" ? [wanted] : wanted;
  return names.some((it) => known.has(it)) ? null : `there is no ${field} ${names.join(", ")}`;
}

function neverMatches(it: CompiledRule, now: number, known: Known): RuleWarning[] {
  const { from, until, kind, environment } = it.when;
  const warn = (path: string, text: string) => [about(it, "never_matches", path, text)];
  if (!(from < until)) return warn("when.until", "it ends before it begins");
  if (until <= now)
    return warn("when.until", `its time was over at ${new Date(until).toISOString()}`);
  const slugs = known.environments && new Set(known.environments.map((one) => one.slug));
  const sets = { environment: slugs, ...renamed(known) };
  for (const field of ["environment", "beamline", "experiment", "user"] as const) {
    const text = unknownIn(it, field, sets[field]);
    if (text !== null) return warn(`when.${field}`, text);
  }
  const named = known.environments?.filter((one) => environment?.has(one.slug)) ?? [];
  if (kind !== null && named.length > 0 && named.every((one) => one.kind !== kind))
    return warn("when.kind", `of the environments that it names none is a ${kind}`);
  return [];
}
const renamed = ({ beamlines, experiments, users }: Known) => ({
  beamline: beamlines,
  experiment: experiments,
  user: users,
});

/** What only one rule can say: whether a rule says it, by path. */
const single: Record<string, (then: RuleThen) => boolean> = {
  "then.strategy": (then) => then.strategy !== undefined,
  "then.lifetime": (then) => then.lifetime !== undefined,
  "then.dedicate": (then) => then.dedicate !== undefined,
  "then.priority": (then) => then.priority !== undefined,
  "then.resources.cpus": (then) => then.resources?.cpus !== undefined,
  "then.resources.memoryBytes": (then) => then.resources?.memoryBytes !== undefined,
  "then.resources.gpus": (then) => then.resources?.gpus !== undefined,
  "then.resources.gpuMemoryBytes": (then) => then.resources?.gpuMemoryBytes !== undefined,
};

function shadowed(it: CompiledRule, before: readonly CompiledRule[]): RuleWarning[] {
  return Object.entries(single).flatMap(([path, says]) => {
    if (!says(it.rule.then)) return [];
    const first = before.find((one) => says(one.rule.then) && covers(one.when, it.when));
    if (!first) return [];
    const text = `rule "${first.rule.name}" is asked before and says it for all of these already`;
    return [about(it, "shadowed", path, text)];
  });
}

function limitWarnings(it: CompiledRule, live: readonly Live[], now: number): RuleWarning[] {
  const { limits } = it.rule.then;
  if (!limits) return [];
  const matched = live.filter((one) => ruleMatches(it.rule, one, now));
  return limitKinds.flatMap((kind) => {
    const limit = limits[kind];
    if (limit === undefined) return [];
    const counts = new Map<string, { name: string | null; count: number }>();
    for (const one of matched) {
      const by = countedBy(kind, one);
      if (by) counts.set(by.id, { name: by.name, count: (counts.get(by.id)?.count ?? 0) + 1 });
    }
    const full = [...counts.values()].filter((one) => one.count >= limit);
    if (full.length === 0) return [];
    const [most] = full.sort(
      (a, b) => b.count - a.count || ((a.name ?? "") < (b.name ?? "") ? -1 : 1),
    );
    const whose = most?.name === null ? "" : ` of ${most?.name}`;
    const more = full.length > 1 ? ` (and ${full.length - 1} more have reached it)` : "";
    const text = `${limit} at once${scopeTexts[kind]}, and ${most?.count}${whose} live now${more}: nothing more starts there until some end; none is stopped`;
    return [about(it, "limit_reached", `then.limits.${kind}`, text)];
  });
}

/**
 * Warnings about rules that are switched on.
 * @param ids of the rules to warn about; null: all
 */
export function judgeRules(
  rules: readonly Rule[],
  situation: Situation,
  { ids = null, known = {} }: { ids?: ReadonlySet<string> | null; known?: Known } = {},
): RuleWarning[] {
  const { now, nodes, live } = situation;
  const { all } = compileRules(rules);
  const wanted = (it: CompiledRule) => ids === null || ids.has(it.rule.id);
  const warnings = all.flatMap((it, index) => {
    if (!wanted(it)) return [];
    const others = ids === null ? all.slice(index + 1) : all.filter((one) => one !== it);
    return [
      ...neverMatches(it, now, known),
      ...selectorWarnings(it, nodes),
      ...others.flatMap((one) => pairWarning(it, one, nodes)),
      ...shadowed(it, all.slice(0, index)),
      ...limitWarnings(it, live, now),
    ];
  });
  return [
    ...lockouts(
      all.filter((it) => it.when.until > now),
      { situation, known, wanted },
    ),
    ...warnings,
  ];
}
