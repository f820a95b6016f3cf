import { useQuery } from "@tanstack/solid-query";
import { getInstance, getMe, listEnvironments, listInstances } from "./calls.ts";
import { live } from "./events.ts";
import { markAsked, mergeList } from "./instance-cache.ts";
import { keys } from "./query-client.ts";

/** While events flow, lists need no asking; without them ask now and then. */
const pollMs = (): number | false => (live() === "open" ? false : 5_000);

export const useMe = () =>
  useQuery(() => ({
    queryKey: keys.me,
    queryFn: ({ signal }) => getMe(signal),
    staleTime: 60_000,
  }));

export const useEnvironments = () =>
  useQuery(() => ({
    queryKey: keys.environments,
    queryFn: ({ signal }) => listEnvironments(signal),
    staleTime: 60_000,
  }));

export const useInstances = () =>
  useQuery(() => ({
    queryKey: keys.instances,
    queryFn: async ({ signal }) => {
      const asked = markAsked();
      return mergeList(await listInstances(signal), asked);
    },
    refetchInterval: pollMs(),
    reconcile: "id",
  }));

/** `waiting`: someone looks at a start, so ask often where events do not flow. */
export const useInstance = (id: () => string, waiting: () => boolean) =>
  useQuery(() => ({
    queryKey: keys.instance(id()),
    queryFn: async ({ signal }) => {
      const asked = markAsked();
      const instance = await getInstance(id(), signal);
      return mergeList({ items: [instance], nextCursor: null }, asked).items.find(
        (it) => it.id === instance.id,
      ) ?? instance;
    },
    refetchInterval: live() === "open" ? false : waiting() ? 1_000 : 5_000,
  }));
