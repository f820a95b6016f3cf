import { A, useSearchParams } from "@solidjs/router";
import { keepPreviousData } from "@tanstack/solid-query";
import {
  createMemo,
  createSignal,
  For,
  Match,
  onCleanup,
  onMount,
  Show,
  Switch,
  type JSX,
} from "solid-js";
import { serverNowMs } from "../../api/clock.ts";
import { keys } from "../../api/query-client.ts";
import { getUse } from "../../api/scheduler-calls.ts";
import { useQuery } from "../../api/use-query.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { foldText, searchWords } from "../../components/fold-text.ts";
import { Loading } from "../../components/loading.tsx";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { SearchField } from "../../kit/search-field.tsx";
import { Segmented } from "../../kit/segmented.tsx";
import { Select } from "../../kit/select.tsx";
import { t } from "../../messages/scheduler.ts";
import { paths } from "../../paths.ts";
import { SpanChoice } from "./node-use.tsx";
import { UseChart } from "./use-chart.tsx";
import {
  busyness,
  curvesOf,
  fromOf,
  measuresOf,
  readUseView,
  subjects,
  timesOf,
  topOf,
  type Series,
  type UseView,
} from "./use-data.ts";
import admin from "./admin.module.css";
import styles from "./use.module.css";

/** So many at first: the busiest. */
const chartsFirst = 24;
const chartHeight = 120;

/** What was held over time, by node, GPU or beamline: a chart for each, all to one scale. */
export function UsePage(): JSX.Element {
  const [parameters, setParameters] = useSearchParams<Record<string, string>>();
  const view = createMemo(() => readUseView(parameters));
  const put = (change: Record<string, string | null>): void =>
    setParameters(change, { replace: true });
  const query = useQuery(() => ({
    queryKey: keys.use({ by: view().by, span: view().span }),
    queryFn: ({ signal }) =>
      getUse({ by: view().by, from: fromOf(view().span, serverNowMs()) }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 60_000,
  }));
  const use = () => (query.isPending ? undefined : query.data);
  const found = createMemo(() => {
    const words = searchWords(view().search);
    return (use()?.series ?? [])
      .filter((it) => words.every((word) => foldText(it.name).includes(word)))
      .map((it) => ({ it, busy: busyness(it, view().by, view().measure) }))
      .toSorted((a, b) => b.busy - a.busy || a.it.name.localeCompare(b.it.name))
      .map(({ it }) => it);
  });
  usePageTitle(() => t("use.title"));
  return (
    <div class={admin["page"]}>
      <div class={admin["head"]}>
        <h1 class={admin["title"]}>{t("use.title")}</h1>
        <SearchField
          label={t("use.search")}
          placeholder={t("use.search")}
          value={view().search}
          onInput={(search) => put({ search: search === "" ? null : search })}
          shortcut
        />
      </div>
      <Choices view={view()} put={put} />
      <Switch>
        <Match when={query.isError && use() === undefined}>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </Match>
        <Match when={query.isPending}>
          <Loading />
        </Match>
        <Match when={found().length === 0}>
          <div class={admin["none"]} role="status">
            <p>
              {view().search === ""
                ? t(`use.noneOfBy.${view().by}`)
                : t("admin.noMatch", { search: view().search })}
            </p>
            <Show when={view().search !== ""}>
              <Button onClick={() => put({ search: null })}>{t("catalogue.clearSearch")}</Button>
            </Show>
          </div>
        </Match>
        <Match when={use()}>
          {(it) => <Charts view={view()} series={found()} times={timesOf(it())} />}
        </Match>
      </Switch>
    </div>
  );
}

function Choices(props: {
  readonly view: UseView;
  readonly put: (change: Record<string, string | null>) => void;
}): JSX.Element {
  return (
    <div class={styles["choices"]}>
      <Segmented
        label={t("use.by")}
        value={props.view.by}
        options={subjects.map((value) => ({ value, text: t(`use.by.${value}`) }))}
        onChange={(by) => props.put({ by: by === "node" ? null : by, measure: null })}
      />
      <SpanChoice
        value={props.view.span}
        onChange={(span) => props.put({ span: span === "24h" ? null : span })}
      />
      <Select
        label={t("use.measure")}
        value={props.view.measure}
        options={measuresOf[props.view.by].map((value) => ({
          value,
          text: t(`use.measure.${value}`),
        }))}
        onChange={(measure) =>
          props.put({ measure: measure === measuresOf[props.view.by][0] ? null : measure })
        }
      />
    </div>
  );
}

function Charts(props: {
  readonly view: UseView;
  readonly series: readonly Series[];
  readonly times: readonly number[];
}): JSX.Element {
  const [all, setAll] = createSignal(false);
  const some = (): boolean => !all() && props.series.length > chartsFirst + 1;
  const shown = () => (some() ? props.series.slice(0, chartsFirst) : props.series);
  const top = createMemo(() =>
    topOf(
      props.series.flatMap((it) => curvesOf(it, props.view.by, props.view.measure)),
      props.view.measure,
    ),
  );
  return (
    <>
      <ul class={styles["charts"]}>
        <For each={shown()}>
          {(it) => (
            <li class={styles["panel"]}>
              <h2 class={styles["name"]}>
                <Show when={props.view.by === "node"} fallback={it.name}>
                  <A class={admin["link"]} href={paths.adminNode({ id: it.key })}>
                    <code>{it.name}</code>
                  </A>
                </Show>
              </h2>
              <WhenSeen>
                <UseChart
                  series={it}
                  times={props.times}
                  by={props.view.by}
                  measure={props.view.measure}
                  span={props.view.span}
                  top={top()}
                  height={chartHeight}
                />
              </WhenSeen>
            </li>
          )}
        </For>
      </ul>
      <Show when={some()}>
        <Button variant="quiet" class={styles["more"] ?? ""} onClick={() => setAll(true)}>
          {t("use.showMore", { count: props.series.length })}
        </Button>
      </Show>
    </>
  );
}

/** Four hundred charts are drawn one by one, as somebody comes to them. */
function WhenSeen(props: { readonly children: JSX.Element }): JSX.Element {
  let place: HTMLDivElement | undefined;
  const [seen, setSeen] = createSignal(false);
  onMount(() => {
    const watcher = new IntersectionObserver(
      (entries) => {
        if (!entries.some((it) => it.isIntersecting)) return;
        setSeen(true);
        watcher.disconnect();
      },
      { rootMargin: "400px" },
    );
    if (place !== undefined) watcher.observe(place);
    onCleanup(() => watcher.disconnect());
  });
  return (
    <div ref={(it) => (place = it)} class={styles["place"]}>
      <Show when={seen()}>{props.children}</Show>
    </div>
  );
}
