import { toastError } from "../../components/error-notice.tsx";
import { showToast } from "../../kit/toasts.ts";
import { refusalOf } from "./refusals.ts";

/** Says in the corner why something was not done, where its own place is gone. */
export function toastRefusal(error: unknown): void {
  const refusal = refusalOf(error);
  if (refusal === null) return toastError(error, "administer");
  showToast({ tone: "error", title: refusal.what, lines: [refusal.next] });
}
