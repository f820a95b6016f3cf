import type { JSX } from "solid-js";
import { isSignedOut } from "../api/errors.ts";
import { explain, type Doing } from "../api/explain.ts";
import { Button } from "../kit/button.tsx";
import { Notice } from "../kit/notice.tsx";
import { showToast } from "../kit/toasts.ts";
import { t } from "../messages/messages.ts";

interface ErrorNoticeProps {
  readonly error: unknown;
  readonly doing: Doing;
  readonly retry?: (() => void) | undefined;
  readonly urgent?: boolean | undefined;
}

/** An error as a person reads it, in place. */
export function ErrorNotice(props: ErrorNoticeProps): JSX.Element {
  const it = () => explain(props.error, props.doing);
  return (
    <Notice
      tone={it().tone}
      title={it().what}
      lines={[it().safe, it().next]}
      small={idLine(it().requestId)}
      urgent={props.urgent}
      actions={
        props.retry === undefined ? undefined : (
          <Button size="small" onClick={() => props.retry?.()}>
            {t("app.tryAgain")}
          </Button>
        )
      }
    />
  );
}

/** An error in the corner, where the place it belongs to may be gone. */
export function toastError(error: unknown, doing: Doing): void {
  // The sign-in page, to which this leads, says it.
  if (isSignedOut(error)) return;
  const { tone, what, safe, next, requestId } = explain(error, doing);
  showToast({ tone, title: what, lines: [safe, next], small: idLine(requestId) });
}

export function idLine(requestId: string | null): string | null {
  return requestId === null ? null : t("app.errorId", { id: requestId });
}
