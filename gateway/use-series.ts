/** Steps of time, and what was held in each. */
import type { UseRow } from "../db/use.ts";
import type { Use } from "./use-schemas.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** Steps that people read well. */
const stepsMs = [
  ...[1, 2, 5, 10, 15, 30].map((it) => it * minute),
  ...[1, 2, 3, 6, 12].map((it) => it * hour),
  ...[1, 2, 7, 14, 28].map((it) => it * day),
];
const mostSteps = 200;

/** At most 200 steps from `from`, the last of which reaches `until`. */
export function stepsFor(from: number, until: number): { stepMs: number; steps: number } {
  const wanted = (until - from) / mostSteps;
  const stepMs = stepsMs.find((it) => it >= wanted) ?? Math.ceil(wanted / day) * day;
  return { stepMs, steps: Math.max(1, Math.ceil((until - from) / stepMs)) };
}

type Series = Use["series"][number];
type Held = Omit<UseRow["changes"][number], "at">;

/** Sums of real figures, without the dust that adding leaves. */
const clean = (value: number) => Math.max(0, Math.round(value * 1000) / 1000);

export function seriesOf({ key, name, capacity, changes }: UseRow, steps: number): Series {
  const fields = ["cpus", "memoryBytes", "gpuMemoryBytes", "instances"] as const;
  const series = { cpus: [], memoryBytes: [], gpuMemoryBytes: [], instances: [] } as Record<
    keyof Held,
    number[]
  >;
  const now = { cpus: 0, memoryBytes: 0, gpuMemoryBytes: 0, instances: 0 };
  const byStep = new Map(changes.map((it) => [it.at, it]));
  for (let step = 0; step < steps; step++) {
    const change = byStep.get(step);
    for (const field of fields) {
      now[field] += change?.[field] ?? 0;
      series[field].push(clean(now[field]));
    }
  }
  return { key, name, capacity, ...series };
}
