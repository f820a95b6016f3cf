import { preloadNoVnc } from "./viewer/load-novnc.ts";

/** The viewer's page; a chunk of its own. */
export const loadViewerPage = () => import("./viewer/viewer-page.tsx");

/** Fetches what the viewer needs as soon as someone reaches for it. */
export function preloadViewer(): void {
  preloadNoVnc();
  loadViewerPage().catch(() => {});
}

/** After the catalogue's own pictures and calls: someone who reads it for so long may well start something. */
const readingMs = 1500;

/**
 * Fetches and prepares the viewer once the page has been quiet for a while, so that the first start
 * does not pay for it. Not where the reader saves data. Returns a function that calls it off.
 */
export function preloadViewerWhenQuiet(): () => void {
  // Chromium alone tells.
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } };
  if (connection?.saveData === true) return () => {};
  let idle: number | undefined;
  const timer = setTimeout(() => {
    // Safari has no idle callback.
    if (typeof requestIdleCallback === "function") idle = requestIdleCallback(preloadViewer);
    else preloadViewer();
  }, readingMs);
  return () => {
    clearTimeout(timer);
    if (idle !== undefined) cancelIdleCallback(idle);
  };
}
