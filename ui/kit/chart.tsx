import { createEffect, on, onCleanup, onMount, type JSX } from "solid-js";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { loadSteadily } from "./load-steadily.ts";
import styles from "./chart.module.css";

export interface ChartLine {
  /** A colour token without its dashes: `series-0`. */
  readonly token: string;
  /** Lines are told apart by their dashes as well as by their colours. */
  readonly dash?: readonly number[] | undefined;
  readonly fill?: boolean | undefined;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  /** What those hear who do not see it. */
  readonly label: string;
  /** Milliseconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  /** The upper end of the scale. */
  readonly most: number;
  readonly height: number;
  readonly formatValue: (value: number) => string;
  readonly formatTime: (ms: number) => string;
  /** Charts with the same key show the same moment. */
  readonly together?: string | undefined;
  /** Which step is pointed at; null: none. */
  readonly onPoint?: ((index: number | null) => void) | undefined;
}

/** Lines over time. The library is fetched with the first chart. */
export function Chart(props: ChartProps): JSX.Element {
  let host: HTMLDivElement | undefined;
  let plot: uPlot | undefined;
  let gone = false;

  const draw = async (): Promise<void> => {
    const { default: UPlot } = await loadSteadily(() => import("uplot"));
    if (gone || host === undefined) return;
    plot?.destroy();
    plot = new UPlot(optionsOf(props, host), dataOf(props), host);
  };
  const redraw = (): void => void draw();

  onMount(() => {
    redraw();
    const size = new ResizeObserver(() => {
      if (host !== undefined && host.clientWidth > 0)
        plot?.setSize({ width: host.clientWidth, height: props.height });
    });
    if (host !== undefined) size.observe(host);
    // A canvas does not follow the theme by itself.
    const theme = new MutationObserver(redraw);
    theme.observe(document.documentElement, { attributeFilter: ["data-theme", "lang"] });
    onCleanup(() => {
      gone = true;
      size.disconnect();
      theme.disconnect();
      plot?.destroy();
    });
  });
  createEffect(
    on(
      () => [props.lines.length, props.most, props.height] as const,
      () => plot !== undefined && redraw(),
      { defer: true },
    ),
  );
  createEffect(
    on(
      () => [props.times, props.lines] as const,
      () => plot?.setData(dataOf(props)),
      { defer: true },
    ),
  );
  return (
    <div class={styles["chart"]} role="img" aria-label={props.label}>
      <div
        ref={(it) => (host = it)}
        class={styles["canvas"]}
        style={{ height: `${props.height}px` }}
        aria-hidden="true"
      />
    </div>
  );
}

function dataOf(props: ChartProps): uPlot.AlignedData {
  return [
    props.times.map((it) => it / 1000),
    ...props.lines.map((it) => [...it.values]),
  ] as uPlot.AlignedData;
}

function optionsOf(props: ChartProps, host: HTMLElement): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (token: string): string => style.getPropertyValue(`--${token}`).trim();
  const font = `12px ${colour("font")}`;
  const axis = {
    stroke: colour("text-muted"),
    font,
    grid: { stroke: colour("border"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: host.clientWidth,
    height: props.height,
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
      ...(props.together === undefined ? {} : { sync: { key: props.together } }),
    },
    scales: { x: { time: true }, y: { range: [0, props.most] } },
    axes: [
      {
        ...axis,
        size: 28,
        space: 72,
        values: (_, splits) => splits.map((it) => props.formatTime(it * 1000)),
      },
      {
        ...axis,
        size: 52,
        space: 32,
        values: (_, splits) => splits.map((it) => props.formatValue(it)),
      },
    ],
    series: [
      {},
      ...props.lines.map((line) => ({
        stroke: colour(line.token),
        width: 2,
        points: { show: false },
        ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
        ...(line.fill === true ? { fill: `${colour(line.token)}22` } : {}),
      })),
    ],
    hooks: { setCursor: [(it) => props.onPoint?.(it.cursor.idx ?? null)] },
  };
}
