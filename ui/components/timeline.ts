import type { Instance, Phase } from "../../gateway/schemas.ts";

export interface TimelineStep {
  readonly phase: Phase;
  readonly status: "done" | "active" | "pending";
  /** The step's own time so far, in milliseconds; null where it has not begun. */
  readonly ms: number | null;
  /** What this step usually takes by itself, in milliseconds; null where there is no history. */
  readonly usualMs: number | null;
}

export interface Timeline {
  readonly steps: readonly TimelineStep[];
  /** From the wish to now, or to the last step's end, in milliseconds. */
  readonly totalMs: number;
  /** From the wish to the picture in recent starts, in milliseconds; null where there is no history. */
  readonly usualTotalMs: number | null;
  /** True where it takes markedly longer than it usually does. */
  readonly late: boolean;
}

const order: readonly Phase[] = ["queued", "placed", "container", "desktop", "panel"];

/**
 * What the start of an instance looks like at `nowMs` (the server's clock). The API gives the moment
 * at which each phase was *reached*; a person asks what is going on *now*, so a step here runs from
 * the moment before it was reached: "Queued" lasts until the node is chosen, "Container" from there
 * until it runs. "Placed" itself takes no time. `ended`: nothing ticks any more. Pure.
 */
export function computeTimeline(
  timeline: Instance["timeline"],
  nowMs: number,
  options: { ended?: boolean } = {},
): Timeline {
  const entries = new Map(timeline.map((it) => [it.phase, it]));
  const reached = (phase: Phase): number | null => {
    const at = entries.get(phase)?.at ?? null;
    return at === null ? null : Date.parse(at);
  };
  const usual = (phase: Phase): number | null => entries.get(phase)?.usualMs ?? null;
  const begunMs = reached("queued");
  const active = options.ended === true ? undefined : firstOpen(reached);
  const steps = order.map((phase, index): TimelineStep => {
    // The first step lasts until the second phase is reached, the second is that moment itself.
    const startPhase = index === 0 ? "queued" : order[Math.max(index - 1, 1)];
    const endPhase = index === 0 ? "placed" : phase;
    const startMs = startPhase === undefined ? null : reached(startPhase);
    const endMs = reached(endPhase);
    const usualMs =
      startPhase === undefined ? null : difference(usual(startPhase), usual(endPhase));
    if (endMs !== null) return { phase, status: "done", ms: span(startMs, endMs), usualMs };
    if (phase !== active || startMs === null)
      return { phase, status: "pending", ms: null, usualMs };
    return { phase, status: "active", ms: span(startMs, nowMs), usualMs };
  });
  const lastMs = order.reduce<number | null>((last, phase) => reached(phase) ?? last, null);
  const endMs = active === undefined ? (lastMs ?? nowMs) : nowMs;
  const totalMs = span(begunMs, endMs) ?? 0;
  const usualTotalMs = usual("panel") ?? usual("desktop");
  return { steps, totalMs, usualTotalMs, late: isLate(steps, active) };
}

function firstOpen(reached: (phase: Phase) => number | null): Phase | undefined {
  if (reached("queued") === null) return undefined;
  if (reached("placed") === null) return "queued";
  return order.slice(2).find((phase) => reached(phase) === null);
}

/** Three times the usual and 5 s more: not every hiccup is worth a word. Waiting in a queue is no delay. */
function isLate(steps: readonly TimelineStep[], active: Phase | undefined): boolean {
  const step = steps.find((it) => it.phase === active);
  if (step === undefined || step.phase === "queued" || step.ms === null) return false;
  return step.ms > 3 * (step.usualMs ?? 1_000) + 5_000;
}

function span(fromMs: number | null, toMs: number): number | null {
  return fromMs === null ? null : Math.max(0, toMs - fromMs);
}

function difference(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}
