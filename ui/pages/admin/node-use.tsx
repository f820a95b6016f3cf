import { createMemo, createSignal, Match, Switch, type JSX } from "solid-js";
import type { NodeDetail } from "../../../gateway/node-schemas.ts";
import { serverNowMs } from "../../api/clock.ts";
import { keys } from "../../api/query-client.ts";
import { getUse } from "../../api/scheduler-calls.ts";
import { useQuery } from "../../api/use-query.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Segmented } from "../../kit/segmented.tsx";
import { t } from "../../messages/scheduler.ts";
import { UseChart } from "./use-chart.tsx";
import { curvesOf, cutTo, fromOf, spans, timesOf, topOf, type Span } from "./use-data.ts";
import admin from "./admin.module.css";
import styles from "./use.module.css";

/** How much of one node was held, over time. */
export function NodeUse(props: { readonly node: NodeDetail }): JSX.Element {
  const [span, setSpan] = createSignal<Span>("24h");
  const id = props.node.id;
  const query = useQuery(() => ({
    queryKey: keys.use({ node: id, span: span() }),
    queryFn: ({ signal }) =>
      getUse({ by: "node", node: id, from: fromOf(span(), serverNowMs()) }, signal),
    refetchInterval: 60_000,
  }));
  const use = () => (query.isPending ? undefined : query.data);
  const times = createMemo(() => timesOf(use() ?? { from: "", until: "", stepMs: 0, series: [] }));
  const series = () => {
    const first = use()?.series[0];
    return first && cutTo(first, times().length);
  };
  return (
    <section class={admin["section"]} aria-labelledby="use">
      <div class={styles["head"]}>
        <h2 id="use">{t("use.title")}</h2>
        <SpanChoice value={span()} onChange={setSpan} />
      </div>
      <div class={styles["panel"]}>
        <Switch>
          <Match when={query.isError && use() === undefined}>
            <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
          </Match>
          <Match when={query.isPending}>
            <Loading />
          </Match>
          <Match when={series()}>
            {(it) => (
              <UseChart
                series={it()}
                times={times()}
                by="node"
                measure="share"
                span={span()}
                top={topOf(curvesOf(it(), "node", "share"), "share")}
                height={180}
              />
            )}
          </Match>
          <Match when={use()}>
            <p class={admin["muted"]}>{t("use.none")}</p>
          </Match>
        </Switch>
      </div>
    </section>
  );
}

export function SpanChoice(props: {
  readonly value: Span;
  readonly onChange: (span: Span) => void;
}): JSX.Element {
  return (
    <Segmented
      label={t("use.span")}
      value={props.value}
      options={(Object.keys(spans) as Span[]).map((value) => ({
        value,
        text: t(`use.span.${value}`),
      }))}
      onChange={props.onChange}
    />
  );
}
