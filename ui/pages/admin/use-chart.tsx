import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import { formatExact } from "../../components/time.ts";
import { Chart, type ChartLine } from "../../kit/chart.tsx";
import { dateFormat } from "../../messages/formats.ts";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/scheduler.ts";
import { bytesText, numberText, percentText } from "./amounts.ts";
import {
  curvesOf,
  meanOf,
  mostOf,
  type Amount,
  type Curve,
  type Measure,
  type Series,
  type Span,
  type Subject,
} from "./use-data.ts";
import styles from "./use.module.css";

/** The same thing looks the same in every chart: by its colour, and by its dashes. */
const looks: Record<Amount, { readonly token: string; readonly dash?: readonly number[] }> = {
  cpus: { token: "series-0" },
  memoryBytes: { token: "series-1", dash: [8, 4] },
  gpuMemoryBytes: { token: "series-2", dash: [2, 3] },
  instances: { token: "series-3" },
};

/** An amount in the reader's words. */
export function amountText(value: number, amount: Amount, measure: Measure): string {
  if (measure === "share") return percentText(value);
  return amount === "memoryBytes" || amount === "gpuMemoryBytes"
    ? bytesText(value)
    : numberText(value);
}

interface UseChartProps {
  readonly series: Series;
  readonly times: readonly number[];
  readonly by: Subject;
  readonly measure: Measure;
  readonly span: Span;
  readonly top: number;
  readonly height: number;
}

/** One series as lines, with their figures, and with the table behind them. */
export function UseChart(props: UseChartProps): JSX.Element {
  const [at, setAt] = createSignal<number | null>(null);
  const curves = createMemo(() => curvesOf(props.series, props.by, props.measure));
  const lines = createMemo((): ChartLine[] => [
    ...curves().map((it) => ({
      ...looks[it.amount],
      fill: curves().length === 1,
      values: it.values,
    })),
    ...curves().flatMap((it) =>
      props.measure === "share" || it.capacity === null
        ? []
        : [{ token: "text-muted", dash: [1, 4], values: it.values.map(() => it.capacity) }],
    ),
  ]);
  const text = (value: number, it: Curve): string => amountText(value, it.amount, props.measure);
  const label = (): string =>
    t("use.chartOf", {
      name: props.series.name,
      measures: curves()
        .map((it) =>
          t("use.chartLine", {
            measure: t(`use.measure.${it.amount}`),
            mean: text(meanOf(it.values), it),
            most: text(mostOf(it.values), it),
          }),
        )
        .join("; "),
    });
  const first = (): Amount => curves()[0]?.amount ?? "cpus";
  return (
    <div class={styles["one"]}>
      <ul class={styles["legend"]}>
        <For each={curves()}>
          {(it) => (
            <li>
              <Sample amount={it.amount} />
              {t(`use.measure.${it.amount}`)}{" "}
              <span class={styles["figure"]}>{figure(it, at(), text)}</span>
            </li>
          )}
        </For>
      </ul>
      <Chart
        label={label()}
        times={props.times}
        lines={lines()}
        most={props.top}
        height={props.height}
        together="use"
        formatValue={(value) => amountText(value, first(), props.measure)}
        formatTime={(ms) => axisTime(ms, props.span)}
        onPoint={setAt}
      />
      <div class={styles["below"]}>
        <Figures {...props} curves={curves()} text={text} />
        <p class={styles["moment"]} aria-hidden="true">
          <Show when={at() !== null && props.times[at() ?? 0]}>
            {(ms) => formatExact(ms(), locale())}
          </Show>
        </p>
      </div>
    </div>
  );
}

/** What it was then, or on average and at most. */
function figure(
  curve: Curve,
  at: number | null,
  text: (value: number, it: Curve) => string,
): string {
  const value = at === null ? undefined : curve.values[at];
  if (value !== undefined) return text(value, curve);
  return [
    t("use.mean", { value: text(meanOf(curve.values), curve) }),
    t("use.most", { value: text(mostOf(curve.values), curve) }),
  ].join(" · ");
}

/** A piece of the line, as the chart has it. */
function Sample(props: { readonly amount: Amount }): JSX.Element {
  const look = () => looks[props.amount];
  return (
    <svg class={styles["sample"]} viewBox="0 0 24 8" aria-hidden="true">
      <path
        d="M0 4h24"
        stroke={`var(--${look().token})`}
        stroke-width="2.5"
        stroke-dasharray={look().dash?.join(" ")}
      />
    </svg>
  );
}

/** The table behind a chart, made when somebody opens it. */
function Figures(
  props: UseChartProps & {
    readonly curves: readonly Curve[];
    readonly text: (value: number, it: Curve) => string;
  },
): JSX.Element {
  const [open, setOpen] = createSignal(false);
  return (
    <details class={styles["details"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t("use.table")} <span class="visually-hidden">{props.series.name}</span>
      </summary>
      <Show when={open()}>
        <div
          class={styles["tableScroll"]}
          role="region"
          aria-label={props.series.name}
          // It scrolls, so the keyboard has to reach it (WCAG 2.2, 2.1.1).
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
        >
          <table class={styles["table"]}>
            <thead>
              <tr>
                <th scope="col">{t("use.time")}</th>
                <For each={props.curves}>
                  {(it) => <th scope="col">{t(`use.measure.${it.amount}`)}</th>}
                </For>
              </tr>
            </thead>
            <tbody>
              <For each={props.times}>
                {(ms, index) => (
                  <tr>
                    <th scope="row">{tableTime(ms)}</th>
                    <For each={props.curves}>
                      {(it) => <td>{props.text(it.values[index()] ?? 0, it)}</td>}
                    </For>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      </Show>
    </details>
  );
}

const formats: Record<Span, Intl.DateTimeFormatOptions> = {
  "6h": { hour: "numeric", minute: "2-digit" },
  "24h": { hour: "numeric", minute: "2-digit" },
  "7d": { day: "numeric", month: "short" },
  "30d": { day: "numeric", month: "short" },
};

function tableTime(ms: number): string {
  return dateFormat(locale(), { ...formats["24h"], ...formats["7d"] }).format(ms);
}

function axisTime(ms: number, span: Span): string {
  return dateFormat(locale(), formats[span]).format(ms);
}
