import {
  InfiniteQueryObserver,
  QueryObserver,
  type DefaultError,
  type InfiniteData,
  type InfiniteQueryObserverOptions,
  type QueryKey,
  type QueryObserverOptions,
} from "@tanstack/solid-query";
import { createComputed, createMemo, createSignal, on, onCleanup, type Accessor } from "solid-js";
import { createStore, reconcile } from "solid-js/store";
import { queryClient } from "./query-client.ts";

/** What is known of a query; each member changes by itself. */
export interface Watched<T> {
  readonly data: T | undefined;
  readonly error: DefaultError | null;
  readonly isError: boolean;
  readonly isPending: boolean;
  refetch(): Promise<unknown>;
}

export interface WatchedPages<T> extends Watched<InfiniteData<T>> {
  readonly hasNextPage: boolean;
  fetchNextPage(): Promise<unknown>;
}

/**
 * Follows a query as long as its owner lives. Not the library's own hook: that one hands its reads to
 * the Suspense around the page, which then takes the page out of the document and puts it back
 * whenever a result is looked at anew. The focus is gone after that, and with it what is typed next.
 *
 * @param key of the rows in `data`, where they should keep their identity from one answer to the next
 */
export function useQuery<T>(
  options: Accessor<QueryObserverOptions<T, DefaultError, T, T, QueryKey>>,
  key?: string,
): Watched<T> {
  const defaulted = createMemo(() => queryClient.defaultQueryOptions(options()));
  const result = follow(new QueryObserver(queryClient, defaulted()), defaulted);
  const data = createMemo(() => result().data);
  return watched(result, key === undefined ? data : inPlace(data, key));
}

/** The same for a list that comes page by page; `key` of its rows, as above. */
export function useInfiniteQuery<T, TPage>(
  options: Accessor<
    InfiniteQueryObserverOptions<T, DefaultError, InfiniteData<T>, QueryKey, TPage>
  >,
  key?: string,
): WatchedPages<T> {
  const defaulted = createMemo(
    () => queryClient.defaultQueryOptions(options()) as ReturnType<typeof options>,
  );
  const result = follow(new InfiniteQueryObserver(queryClient, defaulted()), defaulted);
  const data = createMemo(() => result().data);
  const hasNextPage = createMemo(() => result().hasNextPage);
  return Object.defineProperties(watched(result, key === undefined ? data : inPlace(data, key)), {
    hasNextPage: { get: hasNextPage },
    fetchNextPage: { value: () => result().fetchNextPage() },
  }) as WatchedPages<T>;
}

interface Observer<TOptions, TResult> {
  getOptimisticResult(options: TOptions): TResult;
  getCurrentResult(): TResult;
  setOptions(options: TOptions): void;
  subscribe(listener: (result: TResult) => void): () => void;
  updateResult(): void;
}

function follow<TOptions, TResult>(
  observer: Observer<TOptions, TResult>,
  options: Accessor<TOptions>,
): Accessor<TResult> {
  const [result, setResult] = createSignal(observer.getOptimisticResult(options()));
  const show = (next: TResult): void => void setResult(() => next);
  onCleanup(observer.subscribe(show));
  // What came between the first look and the subscription.
  observer.updateResult();
  show(observer.getCurrentResult());
  createComputed(
    on(
      options,
      (changed) => {
        observer.setOptions(changed);
        show(observer.getOptimisticResult(changed));
      },
      { defer: true },
    ),
  );
  return result;
}

interface Result {
  readonly error: DefaultError | null;
  readonly isError: boolean;
  readonly isPending: boolean;
  refetch(): Promise<unknown>;
}

function watched<T>(result: Accessor<Result>, data: Accessor<T | undefined>): Watched<T> {
  const error = createMemo(() => result().error);
  const isError = createMemo(() => result().isError);
  const isPending = createMemo(() => result().isPending);
  return {
    get data() {
      return data();
    },
    get error() {
      return error();
    },
    get isError() {
      return isError();
    },
    get isPending() {
      return isPending();
    },
    refetch: () => result().refetch(),
  };
}

/** A copy, since it is changed row by row and the cache must not be. */
function inPlace<T>(data: Accessor<T | undefined>, key: string): Accessor<T | undefined> {
  const [state, setState] = createStore<{ data: T | undefined }>({ data: undefined });
  createComputed(() => setState("data", reconcile(structuredClone(data()), { key })));
  return () => state.data;
}
