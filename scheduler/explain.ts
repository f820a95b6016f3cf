/** Why a request waits or is refused, in words with figures. */
import type { FilterName, Refused } from "./filter.ts";
import { scopeTexts, type ReachedLimit } from "./limits.ts";
import type { Effects, RuleRef, RuleSelector } from "./rules.ts";
import type { Reservation, Size } from "./types.ts";

export type WaitCode =
  | "no_nodes"
  | "no_node_ready"
  | "no_node_matches"
  | "no_capacity"
  | "node_dedicated"
  | "reserved"
  | "room_gathered"
  | "limit_reached"
  | "forbidden_for_now";
export interface WaitReason {
  readonly code: WaitCode;
  readonly text: string;
  /** Where rules forbid it for a time only: which, and from when on they no longer do. */
  readonly forbidden?: { readonly rules: readonly string[]; readonly until: number };
}
export interface RefusalReason {
  readonly code: "never_fits";
  readonly text: string;
  /** Names of the rules that forbid it. */
  readonly rules: readonly string[];
}

const phrases: Record<FilterName, (count: number) => string> = {
  ready: (count) => `${count} not ready`,
  schedulable: (count) => `${count} taking nothing new`,
  draining: (count) => `${count} being drained`,
  labels: (count) => `${count} without the required labels`,
  dedicated: (count) => `${count} kept for a beamtime`,
  cpus: (count) => `${count} without enough free CPU`,
  memory: (count) => `${count} without enough free memory`,
  gpus: (count) => `${count} without enough free GPUs`,
  reserved: (count) => `${count} with the rest reserved`,
  gathered: (count) => `${count} with the rest kept for somebody who has waited longer`,
};

const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

/** How many nodes each filter refused: "3 nodes: 1 not ready, 2 without enough free CPU". */
export function countsText(nodes: number, refused: Refused): string {
  const parts = (Object.keys(phrases) as FilterName[]).flatMap((name) => {
    const count = refused[name];
    return count ? [phrases[name](count)] : [];
  });
  return `${plural(nodes, "node")}: ${parts.join(", ")}`;
}

const rounded = (value: number) => String(Math.round(value * 100) / 100);
export const gibText = (bytes: number) => `${rounded(bytes / 1024 ** 3)} GiB`;

/** "2 cores, 4 GiB and 1 GPU" */
export function sizeText(size: Size): string {
  const room = `${rounded(size.cpus)} ${size.cpus === 1 ? "core" : "cores"}, ${gibText(size.memoryBytes)}`;
  if (size.gpus === 0) return room;
  const part = size.gpuMemoryBytes === null ? "" : ` with ${gibText(size.gpuMemoryBytes)}`;
  return `${room}, ${plural(size.gpus, "GPU")}${part}`;
}

/** `rules "a" and "b"` */
export function rulesText(names: readonly string[]): string {
  const unique = [...new Set(names)].map((it) => `"${it}"`);
  const last = unique.pop() ?? "";
  if (unique.length === 0) return `rule ${last}`;
  return `rules ${unique.join(", ")} and ${last}`;
}

const namesOf = (rules: readonly (RuleRef | undefined)[]) => [
  ...new Set(rules.flatMap((it) => (it ? [it.name] : []))),
];

const sizeRules = (effects: Effects) => namesOf(Object.values(effects.resourceRules));
const requireRules = (effects: Effects) => namesOf(effects.require.map((it) => it.rule));

/** What is larger than every node, or than every node that rules admit. */
export function explainNever(
  effects: Effects,
  size: Size,
  nodes: { readonly all: number; readonly admitted: number; readonly largeEnough: number },
): RefusalReason {
  const bySize = sizeRules(effects);
  const asks = bySize.length === 0 ? "" : ` (by ${rulesText(bySize)})`;
  if (nodes.largeEnough === 0) {
    const text = `larger than any node is: it takes ${sizeText(size)}${asks}`;
    return { code: "never_fits", text, rules: bySize };
  }
  const rules = [...new Set([...requireRules(effects), ...bySize])];
  const large = plural(nodes.largeEnough, "node");
  const text =
    `it takes ${sizeText(size)}${asks}: ${large} could hold that, but ` +
    `${rulesText(requireRules(effects))} ${requireRules(effects).length === 1 ? "admits" : "admit"} ` +
    `only ${nodes.admitted === 1 ? "one that is" : `${nodes.admitted} that are`} smaller`;
  return { code: "never_fits", text, rules };
}

/** Selectors that no labels can meet together. */
export function explainContradiction(effects: Effects): RefusalReason {
  const rules = requireRules(effects);
  const asked = effects.require.map((it) => it.text).join(" and ");
  const verb = rules.length === 1 ? "contradicts itself" : "contradict each other";
  const text = `${rulesText(rules)} ${verb}: no node can have ${asked}`;
  return { code: "never_fits", text, rules };
}

const minuteText = (at: number) =>
  `${new Date(Math.ceil(at / 60_000) * 60_000).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** What could never fit by rules of which some count for a time only. */
export function explainForNow({ text, rules }: RefusalReason, until: number): WaitReason {
  const allowed = `${text}; rules allow it from ${minuteText(until)} on`;
  return { code: "forbidden_for_now", text: allowed, forbidden: { rules, until } };
}

function requiredText({ rule, text, fault }: RuleSelector): string {
  const says = `rule "${rule.name}" requires ${text}`;
  return fault
    ? `${says}, which cannot be read: ${fault.message} (character ${fault.at + 1})`
    : says;
}

function explainNoMatch(effects: Effects, nodes: number): WaitReason {
  const asked = effects.require.map(requiredText).join("; ");
  const none = nodes === 1 ? "the one node does not meet it" : `none of ${nodes} nodes meets it`;
  return { code: "no_node_matches", text: `${asked}; ${none}` };
}

export function explainLimit(reached: ReachedLimit): WaitReason {
  const { rule, kind, limit, live, ahead, of } = reached;
  const whose = of === null ? "" : ` of ${of}`;
  const before = ahead === 0 ? "" : `, ${ahead} ahead in the queue`;
  const text = `rule "${rule.name}" allows ${limit} at once${scopeTexts[kind]}: ${live}${whose} live${before}`;
  return { code: "limit_reached", text };
}

const untilText = (at: number) =>
  `until ${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;

export interface WaitQuestion {
  readonly effects: Effects;
  readonly nodes: number;
  readonly admitted: number;
  readonly refused: Refused;
  /** It is to go to a node that is its experiment's own. */
  readonly own: boolean;
  /** Reservations without which there would be room. */
  readonly reservations: readonly Pick<Reservation, "until">[];
}

/** Of what waits for a node that takes nothing else meanwhile. */
export const gatheredText = (why: string, node: string) =>
  `${why}; room is gathered for it on ${node}`;

/** Says why nothing fits now, with how many nodes each filter refused. */
export function explainWait(it: WaitQuestion): WaitReason {
  if (it.nodes === 0) return { code: "no_nodes", text: "no node is registered yet" };
  if (it.admitted === 0) return explainNoMatch(it.effects, it.nodes);
  const { refused } = it;
  const text = countsText(it.nodes, refused);
  const away = (refused.ready ?? 0) + (refused.schedulable ?? 0) + (refused.draining ?? 0);
  const unfit = away + (refused.labels ?? 0);
  if (unfit === it.nodes) return { code: "no_node_ready", text };
  if (refused.reserved) {
    // Whose it is and what for is no business of those who wait.
    const ends = [...new Set(it.reservations.map((one) => one.until))].sort((a, b) => a - b);
    return { code: "reserved", text: [text, ...ends.map(untilText)].join("; ") };
  }
  if (refused.gathered) return { code: "room_gathered", text };
  const kept = unfit + (refused.dedicated ?? 0) === it.nodes;
  if (kept && it.own)
    return {
      code: "no_node_ready",
      text: "the node that its experiment has to itself is not ready just now",
    };
  if (kept) return { code: "node_dedicated", text };
  return { code: "no_capacity", text };
}
