import { isLive, type State } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { foldText, searchWords } from "./fold-text.ts";

const rank: Record<State, number> = {
  running: 0,
  starting: 1,
  queued: 2,
  lost: 3,
  paused: 4,
  stopping: 5,
  stopped: 6,
  shelved: 6,
  failed: 6,
};

/** Live ones, the most useful first, then the newest; a card moves only when its state does. */
export function liveInstances(instances: readonly Instance[]): Instance[] {
  return instances
    .filter((it) => isLive(it.state))
    .toSorted((a, b) => rank[a.state] - rank[b.state] || b.createdAt.localeCompare(a.createdAt));
}

/** Ended ones, the last to end first. */
export function endedInstances(instances: readonly Instance[]): Instance[] {
  const end = (it: Instance): string => it.endedAt ?? it.createdAt;
  return instances
    .filter((it) => !isLive(it.state))
    .toSorted((a, b) => end(b).localeCompare(end(a)));
}

/** Every word of the search occurs somewhere. Accents and case do not matter. */
export function matches(search: string, texts: readonly string[]): boolean {
  const haystack = foldText(texts.join("\n"));
  return searchWords(search).every((word) => haystack.includes(word));
}

export function searchInstances(instances: readonly Instance[], search: string): Instance[] {
  return instances.filter((it) =>
    matches(search, [
      it.name,
      it.environmentName,
      it.version,
      it.node?.name ?? "",
      it.experiment ?? "",
    ]),
  );
}

/** What a person can have many desktops in the order of. */
export const orders = ["state", "newest", "name"] as const;
export type Order = (typeof orders)[number];

/** `state`: as `liveInstances` gives them. */
export function sortInstances(instances: readonly Instance[], order: Order): Instance[] {
  switch (order) {
    case "state":
      return [...instances];
    case "newest":
      return instances.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
    case "name":
      return instances.toSorted(
        (a, b) =>
          a.name.localeCompare(b.name, undefined, { numeric: true, sensitivity: "base" }) ||
          b.createdAt.localeCompare(a.createdAt),
      );
  }
}

/** How many are in each state that occurs, the most useful first. */
export function countStates(
  instances: readonly Instance[],
): { readonly state: State; readonly count: number }[] {
  const counts = new Map<State, number>();
  for (const { state } of instances) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts]
    .map(([state, count]) => ({ state, count }))
    .toSorted((a, b) => rank[a.state] - rank[b.state]);
}

/** Another one of `all` has the same name: the start tells them apart. */
export function hasNamesake(instance: Instance, all: readonly Instance[]): boolean {
  return all.some((it) => it.id !== instance.id && it.name === instance.name);
}

/** How exactly a start has to be told, so that no other of `all` seems to have the same. */
export function startPrecision(instance: Instance, all: readonly Instance[]): "minute" | "second" {
  const minute = startMinute(instance);
  const alike = all.some((it) => it.id !== instance.id && startMinute(it) === minute);
  return minute !== null && alike ? "second" : "minute";
}

function startMinute(instance: Instance): string | null {
  // "2026-11-22T10:24:07.123Z" up to the minute.
  return instance.startedAt?.slice(0, 16) ?? null;
}
