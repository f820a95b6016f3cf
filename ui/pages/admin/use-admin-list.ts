import { useSearchParams } from "@solidjs/router";
import { keepPreviousData } from "@tanstack/solid-query";
import { createSignal, onCleanup } from "solid-js";
import type { List, ListQuery } from "../../api/calls.ts";
import { useInfiniteQuery } from "../../api/use-query.ts";
import type { Sort } from "../../kit/table.tsx";
import { t } from "../../messages/admin.ts";

const typingMs = 200;
const pageSize = 100;

type View = Readonly<Record<string, string>>;

interface ListOptions {
  /**
   * What it can be sorted by, each in the direction of its first click (`-` in front: downwards); the first is
   * the usual order. None where the call has but one.
   */
  readonly sorts?: readonly string[] | undefined;
  /** What else it is filtered by: names in the address, and of the call. */
  readonly filters?: readonly string[] | undefined;
}

const plain = (sort: string): string => sort.replace(/^-/, "");

/**
 * A list whose view lives in the address: `?search=…&sort=-name` can be shared and comes back with
 * the back button.
 */
export function useAdminList<T>(
  name: string,
  fetchPage: (query: ListQuery & View, signal: AbortSignal) => Promise<List<T>>,
  { sorts = ["name"], filters = [] }: ListOptions = {},
) {
  const [parameters, setParameters] = useSearchParams<Record<string, string>>();
  const [typed, setTyped] = createSignal(parameters["search"] ?? "");
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  /** As the address has it, where that is one of these. */
  const sort = (): string => {
    const asked = parameters["sort"] ?? "";
    return sorts.some((it) => plain(it) === plain(asked)) ? asked : (sorts[0] ?? "");
  };
  const view = (): View => ({
    search: parameters["search"] ?? "",
    ...Object.fromEntries(filters.map((it) => [it, parameters[it] ?? ""])),
    ...(sorts.length === 0 ? {} : { sort: sort() }),
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
    /** The head of a column that it can be sorted by; it stays the same one while the order changes. */
    sortOf(column: string): Sort {
      const order = (): Sort["order"] => {
        if (plain(sort()) !== column) return null;
        return sort().startsWith("-") ? "descending" : "ascending";
      };
      const first = sorts.find((it) => plain(it) === column) ?? column;
      return {
        get order() {
          return order();
        },
        get text() {
          const now = order();
          if (now === null) return t("admin.sortBy");
          return t(now === "descending" ? "admin.sortedDown" : "admin.sortedUp");
        },
        toggle() {
          const now = order();
          const next = now === null ? first : now === "descending" ? column : `-${column}`;
          setParameters({ sort: next === sorts[0] ? null : next }, { replace: true });
        },
      };
    },
  };
}
