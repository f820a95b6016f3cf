/** What every node says to one request. */
import { gibText, sizeText } from "./explain.ts";
import { gpusFor, refusedBy, type FilterName } from "./filter.ts";
import { Round, type Case } from "./round.ts";
import { matchesSelector } from "./selector.ts";
import type { Request, ScoreLine, Situation } from "./types.ts";

export interface NodeVerdict {
  /** Its name. */
  readonly node: string;
  /** The filter that refuses it; null: it fits. */
  readonly refusedBy: FilterName | null;
  readonly text: string;
  readonly score: number | null;
  readonly lines: readonly ScoreLine[];
}

const plural = (gpus: number) => (gpus === 1 ? "GPU" : "GPUs");
const cores = (value: number) => String(Math.round(Math.max(0, value) * 100) / 100);

function unmet({ effects }: Case, labels: Readonly<Record<string, string>>): string {
  const missing = effects.require.filter(
    (it) => !it.selector || !matchesSelector(it.selector, labels),
  );
  return missing
    .map(({ rule, text, fault }) =>
      fault
        ? `rule "${rule.name}" cannot be read: ${fault.message}`
        : `does not meet ${text} (rule "${rule.name}")`,
    )
    .join("; ");
}

function gpusText(round: Round, { need }: Case, node: number): string {
  const { gpus, gpuMemoryBytes } = need.size;
  const rooms = gpusFor(round.site, need, node).filter((it) => it.present);
  if (gpuMemoryBytes === null) {
    const free = rooms.filter((it) => it.taken.length === 0).length;
    return `needs ${gpus} whole ${plural(gpus)}, ${free} of ${rooms.length} free`;
  }
  const free = rooms.filter((it) => it.freeSlots > 0 && it.freeMemoryBytes >= gpuMemoryBytes);
  const asked = `${gpus} ${plural(gpus)} with a free place and ${gibText(gpuMemoryBytes)}`;
  return `needs ${asked}, ${free.length} of ${rooms.length} have that`;
}

function refusalText(round: Round, it: Case, node: number, by: FilterName): string {
  const { site } = round;
  const { size } = it.need;
  switch (by) {
    case "ready":
      return "not ready";
    case "schedulable":
      return "takes nothing new";
    case "draining":
      return "is being drained";
    case "labels":
      return unmet(it, site.node(node).labels);
    case "dedicated":
      return it.need.onlyOwn && site.dedicatedTo[node] === null
        ? "the experiment has a node of its own for its beamtime"
        : "kept for an experiment's beamtime";
    case "cpus": {
      const free = (site.cpus[node] ?? 0) - (site.usedCpus[node] ?? 0);
      return `needs ${cores(size.cpus)} cores, ${cores(free)} are free`;
    }
    case "memory": {
      const free = Math.max(0, (site.memory[node] ?? 0) - (site.usedMemory[node] ?? 0));
      return `needs ${gibText(size.memoryBytes)} of memory, ${gibText(free)} are free`;
    }
    case "gpus":
      return gpusText(round, it, node);
    case "gathered":
      return `has room for ${sizeText(size)}, which is kept for somebody who has waited longer`;
    case "reserved": {
      const titles = round.reserved.heldOn([node], it.need.insider).map((one) => `"${one.title}"`);
      return `has room for ${sizeText(size)}, which is reserved: ${titles.join(", ")}`;
    }
  }
}

/**
 * Every node's verdict on one request, without regard to limits: those that fit from best to worst, then
 * the others by name.
 */
export function whatIf(request: Request, situation: Situation): NodeVerdict[] {
  const round = new Round(situation);
  const it = round.caseOf(request);
  const verdicts = round.site.nodes.map((node, number): NodeVerdict => {
    const by = refusedBy(round.site, it.need, number);
    if (by !== null) {
      const text = refusalText(round, it, number, by);
      return { node: node.name, refusedBy: by, text, score: null, lines: [] };
    }
    const { score, lines } = round.scored(it, number);
    return { node: node.name, refusedBy: null, text: "fits", score, lines };
  });
  return verdicts.sort((a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity) || 0);
}
