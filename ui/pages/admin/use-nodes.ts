import { useSearchParams } from "@solidjs/router";
import { createMemo, createSignal, onCleanup } from "solid-js";
import type { AdminNode } from "../../../gateway/node-schemas.ts";
import { keys } from "../../api/query-client.ts";
import { listNodes } from "../../api/scheduler-calls.ts";
import { useQuery } from "../../api/use-query.ts";
import {
  arrangeNodes,
  countNodeStates,
  nextSort,
  readView,
  searchNodes,
  type NodeSort,
} from "./nodes-view.ts";

const typingMs = 150;
const everyMs = 5_000;
/** So many rows at first: a page that is thousands of rows long is slow, and nobody reads it. */
const rowsFirst = 200;

/**
 * The nodes of a site, searched, sifted and sorted here, so that all of it answers at once. Where there
 * are more than are fetched, the search is the server's as well.
 */
export function useNodes() {
  const [parameters, setParameters] = useSearchParams<Record<string, string>>();
  const [typed, setTyped] = createSignal(parameters["search"] ?? "");
  const [capped, setCapped] = createSignal(false);
  const [rows, setRows] = createSignal(rowsFirst);
  let timer: ReturnType<typeof setTimeout> | undefined;
  onCleanup(() => clearTimeout(timer));
  const view = createMemo(() => readView(parameters));
  const asked = (): string => (capped() ? view().search : "");
  const query = useQuery(
    () => ({
      queryKey: keys.nodes(asked()),
      queryFn: async ({ signal }) => {
        const list = await listNodes(asked(), signal);
        if (list.nextCursor !== null) setCapped(true);
        return list;
      },
      refetchInterval: everyMs,
    }),
    "id",
  );
  const all = (): readonly AdminNode[] => (query.isPending ? [] : (query.data?.items ?? []));
  const found = createMemo(() => searchNodes(all(), view().search));
  const arranged = createMemo(() => arrangeNodes(found(), view()));
  const put = (change: Record<string, string | null>): void =>
    setParameters(change, { replace: true });
  return {
    query,
    view,
    all,
    counts: createMemo(() => countNodeStates(found())),
    foundCount: () => found().length,
    shown: () => arranged().slice(0, rows()),
    hidden: () => Math.max(0, arranged().length - rows()),
    showMore: () => setRows((it) => it + rowsFirst),
    /** How many were fetched, where there are more. */
    cappedAt: () => (capped() && view().search === "" ? all().length : null),
    search: typed,
    setSearch(value: string) {
      setTyped(value);
      clearTimeout(timer);
      timer = setTimeout(() => put({ search: value === "" ? null : value }), typingMs);
    },
    setState: (state: string) => put({ state: state === "" ? null : state }),
    toggleSort: (sort: NodeSort) => put({ sort: nextSort(view(), sort) }),
    clear() {
      clearTimeout(timer);
      setTyped("");
      put({ search: null, state: null });
    },
  };
}
