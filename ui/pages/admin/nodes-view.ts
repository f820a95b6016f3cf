import type { AdminNode } from "../../../gateway/node-schemas.ts";
import { foldText, searchWords } from "../../components/fold-text.ts";

type NodeState = AdminNode["state"];

/** What needs somebody stands first. */
export const nodeStates = ["lost", "not_ready", "draining", "unschedulable", "ready"] as const;

/** By what they can be sorted, with whether that begins with the largest. */
const sorts = {
  name: false,
  state: false,
  cpus: true,
  memory: true,
  gpus: true,
  gpuMemory: true,
  people: true,
  instances: true,
  images: true,
} as const;
export type NodeSort = keyof typeof sorts;

/** What of the nodes is shown, and in which order. */
export interface NodesView {
  readonly search: string;
  /** Null: any. */
  readonly state: NodeState | null;
  readonly sort: NodeSort;
  readonly descending: boolean;
}

const isState = (text: string): text is NodeState =>
  (nodeStates as readonly string[]).includes(text);
const isSort = (text: string): text is NodeSort => Object.hasOwn(sorts, text);

/** The view that an address says: `?search=a40&state=ready&sort=-cpus`. What it says wrongly counts as not said. */
export function readView(parameters: Readonly<Record<string, string | undefined>>): NodesView {
  const { search = "", state = "", sort = "" } = parameters;
  const name = sort.replace(/^-/, "");
  return {
    search,
    state: isState(state) ? state : null,
    sort: isSort(name) ? name : "name",
    descending: isSort(name) && sort.startsWith("-"),
  };
}

/** What a press on the head of a column leads to, as the address has it; null: the usual order. */
export function nextSort(view: NodesView, sort: NodeSort): string | null {
  const descending = view.sort === sort ? !view.descending : sorts[sort];
  if (sort === "name" && !descending) return null;
  return `${descending ? "-" : ""}${sort}`;
}

const share = (used: number, total: number): number => (total === 0 ? -1 : used / total);

/** What it is sorted by: fullest, not largest; what there is none of comes last. */
function figure(node: AdminNode, sort: Exclude<NodeSort, "name">): number {
  const { allocated, capacity } = node;
  switch (sort) {
    case "state":
      return nodeStates.indexOf(node.state);
    case "cpus":
      return share(allocated.cpus, capacity.cpus);
    case "memory":
      return share(allocated.memoryBytes, capacity.memoryBytes);
    case "gpus":
      return share(allocated.gpus, capacity.gpus);
    case "gpuMemory":
      return share(allocated.gpuMemoryBytes, capacity.gpuMemoryBytes);
    case "people":
      return node.people;
    case "instances":
      return allocated.instances;
    case "images":
      return node.images.present;
  }
}

/** A label as it is written. */
export const labelText = (key: string, value: string): string =>
  value === "" ? key : `${key}=${value}`;

const textOf = (node: AdminNode): string =>
  foldText(
    [
      node.name,
      ...Object.entries(node.labels).map(([key, value]) => labelText(key, value)),
      node.dedicatedTo?.experiment ?? "",
      node.gatheredFor?.owner ?? "",
      node.hold?.by ?? "",
      node.hold?.reason ?? "",
    ].join("\n"),
  );

/** Those that have every word of a search in their name, labels, dedication or hold. */
export function searchNodes(nodes: readonly AdminNode[], search: string): AdminNode[] {
  const words = searchWords(search);
  return nodes.filter((node) => {
    if (words.length === 0) return true;
    const text = textOf(node);
    return words.every((word) => text.includes(word));
  });
}

/** Those of the view's state, in its order. */
export function arrangeNodes(nodes: readonly AdminNode[], view: NodesView): AdminNode[] {
  const sign = view.descending ? -1 : 1;
  const { sort } = view;
  return nodes
    .filter((it) => view.state === null || it.state === view.state)
    .toSorted((a, b) => {
      const byName = a.name.localeCompare(b.name, undefined, { numeric: true });
      if (sort === "name") return sign * byName;
      return sign * (figure(a, sort) - figure(b, sort)) || byName;
    });
}

/** How many are in each state, of those that any is in. */
export function countNodeStates(
  nodes: readonly AdminNode[],
): { readonly state: NodeState; readonly count: number }[] {
  return nodeStates
    .map((state) => ({ state, count: nodes.filter((it) => it.state === state).length }))
    .filter((it) => it.count > 0);
}
