import { useSearchParams } from "@solidjs/router";
import { keepPreviousData } from "@tanstack/solid-query";
import { createSignal, onCleanup } from "solid-js";
import type { List, ListQuery } from "../../api/calls.ts";
import { useInfiniteQuery } from "../../api/use-query.ts";

const typingMs = 200;
const pageSize = 100;

/**
 * A list whose view lives in the address: `?search=…&sort=-name` can be shared and comes back with
 * the back button.
 */
export function useAdminList<T>(
  name: string,
  fetchPage: (query: ListQuery, signal: AbortSignal) => Promise<List<T>>,
) {
  const [parameters, setParameters] = useSearchParams<{ search: string; sort: string }>();
  const [typed, setTyped] = createSignal(parameters.search ?? "");
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const view = () => ({
    search: parameters.search ?? "",
    sort: parameters.sort === "-name" ? "-name" : "name",
  });
  const query = useInfiniteQuery(() => ({
    queryKey: [name, view()],
    queryFn: ({ pageParam, signal }) =>
      fetchPage({ ...view(), limit: pageSize, cursor: pageParam ?? undefined }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last: List<T>) => last.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  }));
  return {
    query,
    rows: (): T[] =>
      query.isPending ? [] : (query.data?.pages.flatMap((page) => page.items) ?? []),
    search: typed,
    setSearch(value: string) {
      setTyped(value);
      clearTimeout(timer);
      timer = setTimeout(() => setParameters({ search: value }, { replace: true }), typingMs);
    },
    descending: () => view().sort === "-name",
    toggleSort: () =>
      setParameters({ sort: view().sort === "-name" ? null : "-name" }, { replace: true }),
  };
}
