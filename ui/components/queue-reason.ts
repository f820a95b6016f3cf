import { t } from "../messages/messages.ts";

/** How many nodes could not take it, and why: "3 nodes: 1 not ready, 2 without enough free CPU". */
const whole = /^(?:larger than any node is; )?(\d+) nodes?: ([^;]+)(; .+)?$/;
const parts = {
  "not ready": "queue.ready",
  "taking nothing new": "queue.schedulable",
  "being drained": "queue.draining",
  "without the required labels": "queue.labels",
  "kept for a beamtime": "queue.dedicated",
  "without enough free CPU": "queue.cpus",
  "without enough free memory": "queue.memory",
  "without enough free GPUs": "queue.gpus",
  "with the rest reserved": "queue.reserved",
  "with the rest kept for somebody who has waited longer": "queue.gathered",
} as const;

const gathered = /^; room is gathered for it on (.+)$/;

/** The placer's figures in the reader's language; null where they are not as `scheduler/` writes them. */
export function queueFigures(text: string): string | null {
  const [, nodes, rest, more] = whole.exec(text) ?? [];
  if (nodes === undefined || rest === undefined) return null;
  const told = rest.split(", ").map((part) => {
    const [, count, words = ""] = /^(\d+) (.+)$/.exec(part) ?? [];
    const key = Object.entries(parts).find(([phrase]) => phrase === words)?.[1];
    return key === undefined ? null : t(key, { count: Number(count) });
  });
  if (told.includes(null)) return null;
  const figures = t("queue.nodes", { count: Number(nodes), parts: told.join(", ") });
  const gathering = more === undefined ? null : gathered.exec(more);
  if (gathering) return `${figures} ${t("queue.keptFor", { node: gathering[1] ?? "" })}`;
  // Until when the rest is reserved stays as it is.
  return more === undefined ? figures : `${figures} ${more.slice(2)}.`;
}
