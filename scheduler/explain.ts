import type { FilterName } from "./filter.ts";

export interface Refusal {
  readonly code: "no_nodes" | "no_node_ready" | "no_capacity" | "never_fits";
  readonly text: string;
}

const phrases: Record<FilterName, (count: number) => string> = {
  ready: (count) => `${count} not ready`,
  schedulable: (count) => `${count} taking nothing new`,
  cpus: (count) => `${count} without enough free CPU`,
  memory: (count) => `${count} without enough free memory`,
};

/** Says why nothing fits, with how many nodes each filter refused. */
export function explainRefusal(
  nodes: number,
  refused: Partial<Record<FilterName, number>>,
  never: boolean,
): Refusal {
  if (nodes === 0) return { code: "no_nodes", text: "no node is registered yet" };
  const parts = (Object.keys(phrases) as FilterName[]).flatMap((name) => {
    const count = refused[name];
    return count ? [phrases[name](count)] : [];
  });
  const text = `${nodes} ${nodes === 1 ? "node" : "nodes"}: ${parts.join(", ")}`;
  if (never) return { code: "never_fits", text: `larger than any node is; ${text}` };
  const away = (refused.ready ?? 0) + (refused.schedulable ?? 0);
  return { code: away === nodes ? "no_node_ready" : "no_capacity", text };
}
