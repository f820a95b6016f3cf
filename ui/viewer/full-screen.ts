import { createSignal } from "solid-js";

/** The Keyboard Lock API, Chromium's alone; not in TypeScript's library. */
interface KeyboardLock {
  lock(): Promise<void>;
}

const [full, setFull] = createSignal(false);
if (typeof document !== "undefined") {
  document.addEventListener("fullscreenchange", () => setFull(document.fullscreenElement !== null));
}
export { full as isFullScreen };

/** iPhones have no full screen for pages. */
export function canFullScreen(): boolean {
  return document.fullscreenEnabled === true;
}

/** The whole page, so that menus are part of it. Refusals by the browser are its right. */
export async function toggleFullScreen(): Promise<void> {
  try {
    if (document.fullscreenElement !== null) return await document.exitFullscreen();
    await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    // Where it exists, Esc, Alt+Tab and Ctrl+W then belong to the desktop too.
    const { keyboard } = navigator as Navigator & { keyboard?: KeyboardLock };
    await keyboard?.lock();
  } catch {
    // Stays as it is.
  }
}
