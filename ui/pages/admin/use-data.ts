import type { Use } from "../../../gateway/use-schemas.ts";

export const spans = { "6h": 6, "24h": 24, "7d": 7 * 24, "30d": 30 * 24 } as const;
export type Span = keyof typeof spans;
export const subjects = ["node", "gpu", "beamline"] as const;
export type Subject = (typeof subjects)[number];
export type Amount = "cpus" | "memoryBytes" | "gpuMemoryBytes" | "instances";
/** `share`: of the capacity, all amounts together. */
export type Measure = Amount | "share";

export type Series = Use["series"][number];

const hourMs = 3_600_000;

/** What can be measured of each, the usual first. */
export const measuresOf: Record<Subject, readonly Measure[]> = {
  node: ["share", "cpus", "memoryBytes", "gpuMemoryBytes", "instances"],
  gpu: ["share", "gpuMemoryBytes", "instances"],
  beamline: ["cpus", "memoryBytes", "gpuMemoryBytes", "instances"],
};

export interface UseView {
  readonly by: Subject;
  readonly span: Span;
  readonly measure: Measure;
  readonly search: string;
}

/** The view that an address says; what it says wrongly counts as not said. */
export function readUseView(parameters: Readonly<Record<string, string | undefined>>): UseView {
  const by = subjects.find((it) => it === parameters["by"]) ?? "node";
  const span = (Object.keys(spans) as Span[]).find((it) => it === parameters["span"]) ?? "24h";
  const known = measuresOf[by];
  const measure = known.find((it) => it === parameters["measure"]) ?? known[0] ?? "cpus";
  return { by, span, measure, search: parameters["search"] ?? "" };
}

/** From when on a span is asked for, in ISO 8601. `nowMs`: the server's time. */
export const fromOf = (span: Span, nowMs: number): string =>
  new Date(nowMs - spans[span] * hourMs).toISOString();

/**
 * The middle of each step, in milliseconds since 1970. The last step may have its middle ahead: of that
 * nothing is known yet, and nothing is not none.
 */
export function timesOf(use: Pick<Use, "from" | "until" | "stepMs" | "series">): number[] {
  const steps = use.series[0]?.instances.length ?? 0;
  const [from, until] = [Date.parse(use.from), Date.parse(use.until)];
  return Array.from({ length: steps }, (_, step) => from + (step + 0.5) * use.stepMs).filter(
    (it) => it <= until,
  );
}

/** One series over as many steps as there are times. */
export function cutTo(series: Series, steps: number): Series {
  return {
    ...series,
    cpus: series.cpus.slice(0, steps),
    memoryBytes: series.memoryBytes.slice(0, steps),
    gpuMemoryBytes: series.gpuMemoryBytes.slice(0, steps),
    instances: series.instances.slice(0, steps),
  };
}

export interface Curve {
  readonly amount: Amount;
  readonly values: readonly number[];
  /** What there is of it; null: nobody can say. */
  readonly capacity: number | null;
}

const capacityOf = (series: Series, amount: Amount): number | null =>
  amount === "instances" ? null : (series.capacity?.[amount] ?? null);

/** The curves of one series under a measure: of shares one for each thing that there is any of. */
export function curvesOf(series: Series, by: Subject, measure: Measure): Curve[] {
  if (measure !== "share")
    return [{ amount: measure, values: series[measure], capacity: capacityOf(series, measure) }];
  const amounts: Amount[] =
    by === "gpu" ? ["gpuMemoryBytes"] : ["cpus", "memoryBytes", "gpuMemoryBytes"];
  return amounts.flatMap((amount) => {
    const capacity = capacityOf(series, amount);
    if (capacity === null || capacity === 0) return [];
    return [{ amount, values: series[amount].map((it) => it / capacity), capacity: 1 }];
  });
}

export const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, it) => sum + it, 0) / values.length;
export const mostOf = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), 0);

/** What a series is sorted by: the busiest first. */
export const busyness = (series: Series, by: Subject, measure: Measure): number =>
  mostOf(curvesOf(series, by, measure).map((it) => meanOf(it.values)));

/**
 * The upper end of the scale: shares go to the whole, unless more was held; others have room above the
 * largest. One for all charts of a page, so that they can be compared.
 */
export function topOf(curves: readonly Curve[], measure: Measure): number {
  const most = mostOf(curves.map((it) => mostOf(it.values)));
  if (measure === "share") return Math.max(1, most) * 1.02;
  return most === 0 ? 1 : most * 1.1;
}
