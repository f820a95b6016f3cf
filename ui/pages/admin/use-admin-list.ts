import { useSearchParams } from "@solidjs/router";
import { keepPreviousData } from "@tanstack/solid-query";
import { createSignal, onCleanup } from "solid-js";
import type { List, ListQuery } from "../../api/calls.ts";
import { useInfiniteQuery } from "../../api/use-query.ts";

const typingMs = 200;
const pageSize = 100;

type View = Readonly<Record<string, string>>;

interface ListOptions {
  /** What the call takes for its two orders, the usual one first; null where it has but one. */
  readonly sorts?: readonly [string, string] | null | undefined;
  /** What else it is filtered by: names in the address, and of the call. */
  readonly filters?: readonly string[] | undefined;
}

/**
 * A list whose view lives in the address: `?search=…&sort=-name` can be shared and comes back with
 * the back button.
 */
export function useAdminList<T>(
  name: string,
  fetchPage: (query: ListQuery & View, signal: AbortSignal) => Promise<List<T>>,
  { sorts = ["name", "-name"], filters = [] }: ListOptions = {},
) {
  const [parameters, setParameters] = useSearchParams<Record<string, string>>();
  const [typed, setTyped] = createSignal(parameters["search"] ?? "");
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const other = (): boolean => sorts !== null && parameters["sort"] === sorts[1];
  const view = (): View => ({
    search: parameters["search"] ?? "",
    ...Object.fromEntries(filters.map((it) => [it, parameters[it] ?? ""])),
    ...(sorts === null ? {} : { sort: other() ? sorts[1] : sorts[0] }),
  });
  const query = useInfiniteQuery(() => ({
    queryKey: [name, view()],
    queryFn: ({ pageParam, signal }) => {
      const wish = { ...view(), limit: pageSize, cursor: pageParam ?? undefined };
      return fetchPage(wish as ListQuery & View, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last: List<T>) => last.nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  }));
  const later = (change: Record<string, string>): void => {
    clearTimeout(timer);
    timer = setTimeout(() => setParameters(change, { replace: true }), typingMs);
  };
  return {
    query,
    rows: (): T[] =>
      query.isPending ? [] : (query.data?.pages.flatMap((page) => page.items) ?? []),
    search: typed,
    setSearch(value: string) {
      setTyped(value);
      later({ search: value });
    },
    filter: (name: string): string => parameters[name] ?? "",
    /** An empty value lets the filter go. */
    setFilter: (name: string, value: string) => setParameters({ [name]: value }, { replace: true }),
    filtered: (): boolean => filters.some((it) => (parameters[it] ?? "") !== ""),
    clear() {
      clearTimeout(timer);
      setTyped("");
      const none = Object.fromEntries(filters.map((it) => [it, null]));
      setParameters({ search: null, ...none }, { replace: true });
    },
    /** Whether it runs downwards: `-` in front says so. */
    descending: () => sorts !== null && (other() ? sorts[1] : sorts[0]).startsWith("-"),
    toggleSort: () =>
      setParameters({ sort: other() || sorts === null ? null : sorts[1] }, { replace: true }),
  };
}
