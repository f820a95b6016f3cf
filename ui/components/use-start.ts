import { useNavigate } from "@solidjs/router";
import { createSignal } from "solid-js";
import type { Environment } from "../../gateway/schemas.ts";
import { start, type StartChoice } from "../api/actions.ts";
import { ApiError } from "../api/errors.ts";
import { keys, queryClient } from "../api/query-client.ts";
import { paths } from "../paths.ts";
import { preloadViewer } from "../routes-preload.ts";
import { toastError } from "./error-notice.tsx";

/** It left the catalogue after this page had read it. */
const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** One button's way from a click to the desktop. */
export function useStart() {
  const navigate = useNavigate();
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>(null);
  const go = async (environment: Environment, choice: StartChoice): Promise<void> => {
    if (busy()) return;
    preloadViewer();
    setBusy(true);
    setError(null);
    try {
      navigate(paths.desktop(await start(environment, choice)));
      // Its last start is another one now; that can wait until someone looks at the page again.
      void queryClient.invalidateQueries({ queryKey: keys.catalogue, refetchType: "none" });
    } catch (failure) {
      if (isGone(failure)) {
        // Its card goes, and would take the message along.
        toastError(failure, "start");
        void queryClient.invalidateQueries({ queryKey: keys.catalogue });
      } else setError(() => failure);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, go };
}
