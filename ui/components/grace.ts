import { createSignal, onCleanup, type Accessor } from "solid-js";

export interface Grace {
  /** Seconds until it is done; null where nothing is pending. */
  readonly secondsLeft: Accessor<number | null>;
  begin(): void;
  undo(): void;
  now(): void;
}

/**
 * Does something after a pause in which it can be undone. Leaving the page, or closing it, does not
 * undo it: whoever asked for it asked for it.
 */
export function createGrace(seconds: number, act: () => void): Grace {
  const [secondsLeft, setSecondsLeft] = createSignal<number | null>(null);
  let timer: ReturnType<typeof setInterval> | undefined;

  const undo = (): void => {
    clearInterval(timer);
    globalThis.removeEventListener?.("pagehide", now);
    setSecondsLeft(null);
  };
  const now = (): void => {
    if (secondsLeft() === null) return;
    undo();
    act();
  };
  const tick = (): void => {
    const left = (secondsLeft() ?? 1) - 1;
    if (left <= 0) now();
    else setSecondsLeft(left);
  };
  onCleanup(now);
  return {
    secondsLeft,
    begin: () => {
      if (secondsLeft() !== null) return;
      setSecondsLeft(seconds);
      globalThis.addEventListener?.("pagehide", now);
      timer = setInterval(tick, 1000);
    },
    undo,
    now,
  };
}
