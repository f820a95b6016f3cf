import type { Action } from "../../db/states.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { ApiError } from "../api/errors.ts";
import type { Doing } from "../api/explain.ts";
import { showToast } from "../kit/toasts.ts";
import { t } from "../messages/messages.ts";
import { toastError } from "./error-notice.tsx";
import { whyNot } from "./why-not.ts";

/**
 * Says why a wish for an instance came to nothing. `instance` is what is known of it by now: where
 * its state forbids what was asked for, someone else was quicker.
 */
export function toastRefused(error: unknown, instance: Instance, action: Action): void {
  const why = whyNot(instance.state, action);
  if (!(error instanceof ApiError) || error.status !== 409 || why === null)
    return toastError(error, doingOf(action));
  showToast({
    tone: "attention",
    title: t("refused.title", { name: instance.name, why }),
    lines: [t("refused.text")],
  });
}

function doingOf(action: Action): Doing {
  return action === "restart" ? "start" : "change";
}
