import type { Instance, OwnSignIn } from "../../gateway/schemas.ts";
import {
  getCatalogue,
  getProviders,
  getInstance,
  getHome,
  getMe,
  listInstances,
  listSignIns,
  listTokens,
  type List,
} from "./calls.ts";
import { live } from "./events.ts";
import { markAsked, mergeList, newestOf } from "./instance-cache.ts";
import { keys, queryClient } from "./query-client.ts";
import { useInfiniteQuery, useQuery } from "./use-query.ts";

/** While events flow, lists need no asking; without them ask now and then. */
const pollEveryMs = 5_000;
const pollMs = (): number | false => (live() === "open" ? false : pollEveryMs);

export const useMe = () =>
  useQuery(() => ({
    queryKey: keys.me,
    queryFn: ({ signal }) => getMe(signal),
    staleTime: 60_000,
  }));

/** Other browsers come and go by themselves. */
const ownEveryMs = 60_000;

export const useSignIns = () =>
  useInfiniteQuery(
    () => ({
      queryKey: keys.signIns,
      queryFn: ({ pageParam, signal }) =>
        listSignIns({ limit: 20, cursor: pageParam ?? undefined }, signal),
      initialPageParam: null as string | null,
      getNextPageParam: (last: List<OwnSignIn>) => last.nextCursor,
      refetchInterval: ownEveryMs,
    }),
    "id",
  );

export const useHome = () =>
  useQuery(() => ({
    queryKey: keys.home,
    queryFn: ({ signal }) => getHome(signal),
    refetchInterval: ownEveryMs,
  }));

export const useTokens = () =>
  useQuery(
    () => ({
      queryKey: keys.tokens,
      queryFn: ({ signal }) => listTokens(signal),
      refetchInterval: ownEveryMs,
    }),
    "id",
  );

/** Signing in with a password does not wait for them. */
export const useProviders = () =>
  useQuery(() => ({
    queryKey: keys.providers,
    queryFn: () => getProviders(),
    staleTime: 60_000,
  }));

export const useCatalogue = () =>
  useQuery(() => ({
    queryKey: keys.catalogue,
    queryFn: ({ signal }) => getCatalogue(signal),
    staleTime: 60_000,
    // Nobody should have to press a button to see what is there again.
    refetchInterval: (query) => (query.state.status === "error" ? pollEveryMs : false),
  }));

export const useInstances = () =>
  useQuery(
    () => ({
      queryKey: keys.instances,
      queryFn: async ({ signal }) => {
        const asked = markAsked();
        return mergeList(await listInstances(signal), asked);
      },
      refetchInterval: pollMs(),
    }),
    "id",
  );

/** Someone who watches a start wants every change of it. */
const watchMs = 1_000;

export const useInstance = (id: () => string) =>
  useQuery(() => ({
    queryKey: keys.instance(id()),
    queryFn: async ({ signal }) => {
      const asked = markAsked();
      return newestOf(await getInstance(id(), signal), asked);
    },
    placeholderData: () =>
      queryClient.getQueryData<List<Instance>>(keys.instances)?.items.find((it) => it.id === id()),
    refetchInterval: pollInstanceMs(live() === "open"),
  }));

function pollInstanceMs(eventsFlow: boolean) {
  return (query: { readonly state: { readonly data: Instance | undefined } }): number | false => {
    if (eventsFlow) return false;
    const state = query.state.data?.state;
    return state === "queued" || state === "starting" ? watchMs : pollEveryMs;
  };
}
