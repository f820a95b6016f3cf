import { createEffect, createSignal, onCleanup, type Accessor } from "solid-js";
import type { Screen } from "./screen.ts";

/** A size of our own takes a moment to arrive; what differs for longer is another window's. */
const settleMs = 1_200;
/** Scaling and servers that round leave a pixel or two. */
const slackPx = 2;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** True where the desktop's picture was not made for this place. Sizes in CSS pixels. */
export function isForeignSize(picture: Size, place: Size): boolean {
  return (
    Math.abs(picture.width - place.width) > slackPx ||
    Math.abs(picture.height - place.height) > slackPx
  );
}

/**
 * A desktop has one size, and every window that shows it may set it: the last one to ask wins. This
 * asks for our size again as soon as a person comes back to this window, and never while nobody is
 * here, or two windows would pull at it for ever. True while the size is another window's.
 */
export function watchOwnSize(
  screen: Accessor<Screen | null>,
  connected: Accessor<boolean>,
  place: () => HTMLElement | undefined,
): Accessor<boolean> {
  const [foreign, setForeign] = createSignal(false);
  createEffect(() => {
    const current = screen();
    const canvas = current?.canvas ?? null;
    const box = place();
    setForeign(false);
    if (current === null || canvas === null || box === undefined || !connected()) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const differs = (): boolean =>
      isForeignSize(canvas, { width: box.clientWidth, height: box.clientHeight });
    const check = (): void => {
      clearTimeout(timer);
      if (differs()) timer = setTimeout(() => setForeign(differs()), settleMs);
      else setForeign(false);
    };
    const claim = (): void => {
      if (document.visibilityState !== "visible") return;
      if (current.rfb.resizeSession && !differs()) return;
      current.claimSize();
      check();
    };
    const sizes = new MutationObserver(check);
    sizes.observe(canvas, { attributes: true, attributeFilter: ["width", "height"] });
    const boxes = new ResizeObserver(check);
    boxes.observe(box);
    const stop = onPresence(claim);
    check();
    onCleanup(() => {
      clearTimeout(timer);
      sizes.disconnect();
      boxes.disconnect();
      stop();
    });
  });
  return foreign;
}

/** Calls `act` whenever someone shows to be at this window. Returns the way to stop. */
function onPresence(act: () => void): () => void {
  const options = { capture: true, passive: true } as const;
  const inputs = ["pointerdown", "keydown", "wheel"] as const;
  window.addEventListener("focus", act);
  document.addEventListener("visibilitychange", act);
  for (const name of inputs) window.addEventListener(name, act, options);
  return () => {
    window.removeEventListener("focus", act);
    document.removeEventListener("visibilitychange", act);
    for (const name of inputs) window.removeEventListener(name, act, options);
  };
}
