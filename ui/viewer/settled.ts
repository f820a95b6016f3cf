import { createEffect, createSignal, onCleanup, type Accessor } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { serverNowMs } from "../api/clock.ts";

/** A desktop that shows no panel for so long is shown as it is. */
const patienceMs = 1_000;

const reachedMs = (instance: Instance, phase: "desktop" | "panel"): number | undefined => {
  const at = instance.timeline.find((it) => it.phase === phase)?.at ?? null;
  return at === null ? undefined : Date.parse(at);
};

/**
 * How much longer a desktop that runs is kept behind its timeline, in milliseconds, at `nowMs` (the
 * server's clock): until its panel is there it is a background on which nothing can be done. Pure.
 */
export function unsettledMs(instance: Instance, nowMs: number): number {
  if (reachedMs(instance, "panel") !== undefined) return 0;
  const began = reachedMs(instance, "desktop");
  return began === undefined ? 0 : Math.min(patienceMs, Math.max(0, began + patienceMs - nowMs));
}

/** Whether the desktop is ready to be shown, as far as its start is concerned. */
export function createSettled(instance: Accessor<Instance>): Accessor<boolean> {
  const [settled, setSettled] = createSignal(unsettledMs(instance(), serverNowMs()) === 0);
  createEffect(() => {
    const ms = unsettledMs(instance(), serverNowMs());
    setSettled(ms === 0);
    if (ms === 0) return;
    const timer = setTimeout(() => setSettled(true), ms);
    onCleanup(() => clearTimeout(timer));
  });
  return settled;
}
