import { onCleanup } from "solid-js";

/** Less than this is a browser's own bar that comes and goes, not a keyboard. */
const keyboardPx = 120;

/**
 * Keeps an element that fills the window above an on-screen keyboard. Where the browser does not
 * shrink the page for it (iOS), only the visual viewport tells. Zooming shrinks that one too: then
 * the element stays as it is.
 */
export function keepAboveKeyboard(element: HTMLElement): void {
  const visible = window.visualViewport;
  if (visible === null) return;
  const fit = (): void => {
    const raised = visible.scale < 1.01 && window.innerHeight - visible.height > keyboardPx;
    element.style.height = raised ? `${Math.floor(visible.height)}px` : "";
    element.style.bottom = raised ? "auto" : "";
  };
  visible.addEventListener("resize", fit);
  onCleanup(() => visible.removeEventListener("resize", fit));
}
