import { createSignal, onCleanup, type Accessor } from "solid-js";

type Hold = "focus" | "menu" | "clipboard" | "pointer" | "intro";

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
  hide(): void;
}

/** Long enough to come back to it after a slip of the hand. */
const lingerMs = 600;
/** The desktop has panels and menus at its own top edge: only its very middle calls the bar. */
const edgePx = 1;
const middle = { from: 0.38, to: 0.62 };

/** Decides when the viewer's bar is on screen: as long as anything holds it. */
export function createBarVisibility(): BarVisibility {
  const [holds, setHolds] = createSignal<ReadonlySet<Hold>>(new Set());
  let element: HTMLElement | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

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
    if (event.pointerType !== "mouse" || event.buttons !== 0 || event.clientY > edgePx) return;
    const at = event.clientX / window.innerWidth;
    if (at < middle.from || at > middle.to) return;
    hold("pointer");
    linger("pointer", lingerMs * 3);
  };
  window.addEventListener("pointermove", approach, { capture: true, passive: true });
  onCleanup(() => {
    clearTimeout(timer);
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
      setTimeout(() => release("intro"), ms);
    },
    hold,
    release,
    enter() {
      if (holds().size === 0) return;
      clearTimeout(timer);
      hold("pointer");
    },
    leave: () => linger("pointer", lingerMs),
    hide() {
      clearTimeout(timer);
      setHolds((all) => new Set([...all].filter((it) => it === "clipboard" || it === "menu")));
    },
  };
}
