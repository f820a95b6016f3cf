import { useBeforeLeave } from "@solidjs/router";
import { createEffect, createSignal, onCleanup, type JSX } from "solid-js";
import { Confirm } from "../../../kit/dialog.tsx";
import { t } from "../../../messages/rules.ts";

/** Asks before somebody leaves what is not saved: the page, or the tab, with which drafts go. */
export function Leaving(props: { readonly unsaved: number }): JSX.Element {
  const [asking, setAsking] = createSignal<(() => void) | null>(null);
  useBeforeLeave((event) => {
    const to =
      typeof event.to === "string" ? new URL(event.to, window.location.href).pathname : null;
    if (props.unsaved === 0 || event.defaultPrevented || to === event.from.pathname) return;
    event.preventDefault();
    setAsking(() => () => event.retry(true));
  });
  createEffect(() => {
    if (props.unsaved === 0) return;
    const warn = (event: BeforeUnloadEvent): void => {
      event.preventDefault();
      // Chromium before 119 looks at nothing else.
      event.returnValue = true;
    };
    window.addEventListener("beforeunload", warn);
    onCleanup(() => window.removeEventListener("beforeunload", warn));
  });
  return (
    <Confirm
      open={asking() !== null}
      onOpenChange={(open) => !open && setAsking(null)}
      title={t("rules.leaveTitle", { count: props.unsaved })}
      confirm={t("rules.leave")}
      cancel={t("rules.stay")}
      onConfirm={() => asking()?.()}
    >
      <p>{t("rules.leaveText")}</p>
    </Confirm>
  );
}
