import type { NodeDetail } from "../../../gateway/node-schemas.ts";
import type { Part } from "../../kit/stacked-bar.tsx";

/** Which colour each of a node's desktops has: the same in every bar, by the order in which they came. */
export function coloursOf(node: NodeDetail): ReadonlyMap<string, number> {
  return new Map(node.instances.map((it, index) => [it.id, index]));
}

/** A bar's parts: what each desktop holds of one thing, the largest first; those that hold none are left out. */
export function partsOf(
  node: NodeDetail,
  amountOf: (it: NodeDetail["instances"][number]) => number,
  text: (name: string, owner: string, amount: number) => string,
): Part[] {
  const colours = coloursOf(node);
  return node.instances
    .map((it) => ({ it, amount: amountOf(it) }))
    .filter(({ amount }) => amount > 0)
    .toSorted((a, b) => b.amount - a.amount)
    .map(({ it, amount }) => ({
      id: it.id,
      amount,
      text: text(it.name, it.owner, amount),
      colour: colours.get(it.id) ?? 0,
    }));
}

/** The same of one GPU. */
export function gpuParts(
  node: NodeDetail,
  gpu: NodeDetail["gpus"][number],
  text: (name: string, owner: string, amount: number) => string,
): Part[] {
  const colours = coloursOf(node);
  return gpu.instances.map((it) => ({
    id: it.id,
    amount: it.memoryBytes,
    text: text(it.name, it.owner, it.memoryBytes),
    colour: colours.get(it.id) ?? 0,
  }));
}
