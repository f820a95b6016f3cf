import { unwrap } from "solid-js/store";
import type { Instance } from "../../gateway/schemas.ts";
import type { List } from "./calls.ts";
import { keys, queryClient } from "./query-client.ts";

/**
 * Server-sent events and answers travel on different connections, so an answer may arrive after a
 * newer event. `seen` counts what was heard of an instance: an answer that was asked for before the
 * last event does not overwrite it.
 */
const heard = new Map<string, { readonly turn: number; readonly instance: Instance | null }>();
let turn = 0;

/** A mark to take before asking; give it to `accept…` with the answer. */
export function markAsked(): number {
  return turn;
}

/** An event: always the newest there is. `null`: the person may no longer know of it. */
export function hearInstance(id: string, instance: Instance | null): void {
  turn += 1;
  heard.set(id, { turn, instance });
  if (instance === null) forget(id);
  else put(instance);
}

/** Of an answer that was asked for at `asked` and what was heard since, the newer one. */
export function newestOf(instance: Instance, asked: number): Instance {
  const newer = heard.get(instance.id);
  return newer !== undefined && newer.turn > asked ? (newer.instance ?? instance) : instance;
}

/** Puts the answer of a call about one instance into the cache. Returns what is true now. */
export function acceptInstance(instance: Instance, asked: number): Instance {
  const winner = newestOf(instance, asked);
  put(winner);
  return winner;
}

/** A fetched list, asked for at `asked`, with what was heard since put in. */
export function mergeList(list: List<Instance>, asked: number): List<Instance> {
  const newer = [...heard].filter(([, it]) => it.turn > asked);
  if (newer.length === 0) return list;
  const byId = new Map(list.items.map((it) => [it.id, it]));
  for (const [id, { instance }] of newer) {
    if (instance === null) byId.delete(id);
    else byId.set(id, instance);
  }
  return { ...list, items: [...byId.values()] };
}

/** Shows a guess at once; returns the way back. */
export function guessInstance(instance: Instance, guess: Partial<Instance>): () => void {
  const asked = markAsked();
  // What pages hold is a live view of the cache: it would show the guess as the way back.
  const before = structuredClone(unwrap(instance));
  put({ ...before, ...guess });
  return () => acceptInstance(before, asked);
}

function put(instance: Instance): void {
  queryClient.setQueryData<Instance>(keys.instance(instance.id), instance);
  // Solid reconciles lists in place, so the list gets objects of its own.
  const own = structuredClone(instance);
  queryClient.setQueryData<List<Instance>>(keys.instances, (list) => {
    if (list === undefined) return undefined;
    const known = list.items.some((it) => it.id === own.id);
    const items = known
      ? list.items.map((it) => (it.id === own.id ? own : it))
      : [own, ...list.items];
    return { ...list, items };
  });
}

function forget(id: string): void {
  queryClient.removeQueries({ queryKey: keys.instance(id) });
  queryClient.setQueryData<List<Instance>>(keys.instances, (list) =>
    list === undefined ? undefined : { ...list, items: list.items.filter((it) => it.id !== id) },
  );
}
