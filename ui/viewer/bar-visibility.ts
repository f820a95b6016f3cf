import { createSignal, onCleanup, type Accessor } from "solid-js";

type Hold = "focus" | "keys" | "picture" | "clipboard" | "pointer" | "intro";

/** What is open below the bar: without the bar it would hang in the air. */
const panels: readonly Hold[] = ["keys", "picture", "clipboard"];

export interface BarVisibility {
  readonly shown: Accessor<boolean>;
  attach(element: HTMLElement): void;
  /** Opens it and moves the focus to its first control. */
  open(): void;
  /** Shows it for a while without anyone's doing. */
  introduce(ms: number): void;
  hold(reason: Hold): void;
  release(reason: Hold): void;
  enter(): void;
  leave(): void;
  /** Hides it, unless something is open below it. */
  hide(): void;
  /** Something is open below it. */
  hasPanel(): boolean;
  /** The pointer is on it. */
  hasPointer(): boolean;
}

/** Long enough to come back to it after a slip of the hand. */
const lingerMs = 600;
/** The desktop has panels and menus at its own top edge: only its middle calls the bar. */
const edgePx = 8;
const middle = { from: 0.35, to: 0.65 };
/** Someone on the way to the browser's tabs, or to the desktop's own panel, does not stay so long. */
const dwellMs = 180;

/** Decides when the viewer's bar is on screen: as long as anything holds it. */
export function createBarVisibility(): BarVisibility {
  const [holds, setHolds] = createSignal<ReadonlySet<Hold>>(new Set());
  let element: HTMLElement | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dwell: ReturnType<typeof setTimeout> | undefined;
  let intro: ReturnType<typeof setTimeout> | undefined;
  let inside = false;

  const hold = (reason: Hold): void => {
    if (!holds().has(reason)) setHolds((all) => new Set(all).add(reason));
  };
  const release = (reason: Hold): void => {
    if (!holds().has(reason)) return;
    setHolds((all) => new Set([...all].filter((it) => it !== reason)));
  };
  const linger = (reason: Hold, ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => release(reason), ms);
  };
  const approach = (event: PointerEvent): void => {
    if (!isAtEdge(event)) return forgetApproach();
    dwell ??= setTimeout(() => {
      dwell = undefined;
      hold("pointer");
      if (!inside) linger("pointer", lingerMs * 3);
    }, dwellMs);
  };
  const forgetApproach = (): void => {
    clearTimeout(dwell);
    dwell = undefined;
  };
  window.addEventListener("pointermove", approach, { capture: true, passive: true });
  // Off through the top edge: whoever leaves the window was not coming to the bar.
  document.documentElement.addEventListener("pointerleave", forgetApproach);
  onCleanup(() => {
    for (const it of [timer, dwell, intro]) clearTimeout(it);
    document.documentElement.removeEventListener("pointerleave", forgetApproach);
    window.removeEventListener("pointermove", approach, { capture: true });
  });

  return {
    shown: () => holds().size > 0,
    attach: (it) => (element = it),
    open() {
      hold("focus");
      // It is inert until it is shown.
      requestAnimationFrame(() => element?.querySelector<HTMLElement>("button")?.focus());
    },
    introduce(ms) {
      hold("intro");
      clearTimeout(intro);
      intro = setTimeout(() => release("intro"), ms);
    },
    hold,
    release,
    enter() {
      inside = true;
      if (holds().size === 0) return;
      clearTimeout(timer);
      hold("pointer");
    },
    leave() {
      inside = false;
      linger("pointer", lingerMs);
    },
    hide() {
      clearTimeout(timer);
      forgetApproach();
      setHolds((all) => new Set([...all].filter((it) => panels.includes(it))));
    },
    hasPanel: () => panels.some((it) => holds().has(it)),
    hasPointer: () => inside,
  };
}

/** A mouse that presses nothing, at the middle of the window's top edge. */
function isAtEdge(event: PointerEvent): boolean {
  if (event.pointerType !== "mouse" || event.buttons !== 0 || event.clientY > edgePx) return false;
  const at = event.clientX / window.innerWidth;
  return at >= middle.from && at <= middle.to;
}
