import type RFB from "@novnc/novnc";
import { loadSteadily } from "../kit/load-steadily.ts";

export type RfbConstructor = typeof RFB;

let loading: Promise<RfbConstructor> | undefined;

/**
 * Loads noVNC once. It touches `window` when it is imported and is larger than the rest of the app,
 * so it comes only when someone is about to need it. A failed load is tried again at the next call.
 */
export function loadNoVnc(): Promise<RfbConstructor> {
  loading ??= loadSteadily(() => import("@novnc/novnc")).then(
    (module) => module.default,
    (error: unknown) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

/** Starts the load early and leaves its failure to the one who needs it. */
export function preloadNoVnc(): void {
  loadNoVnc().catch(() => {});
}
