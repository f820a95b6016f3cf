import { preloadNoVnc } from "./viewer/load-novnc.ts";

/** The viewer's page; a chunk of its own. */
export const loadViewerPage = () => import("./viewer/viewer-page.tsx");

/** Fetches what the viewer needs as soon as someone reaches for it. */
export function preloadViewer(): void {
  preloadNoVnc();
  loadViewerPage().catch(() => {});
}
