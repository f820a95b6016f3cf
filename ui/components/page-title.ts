import { createEffect, onCleanup } from "solid-js";
import { t } from "../messages/messages.ts";

/** Keeps the tab's title; `title` is reactive. */
export function usePageTitle(title: () => string): void {
  createEffect(() => {
    document.title = `${title()} · ${t("app.name")}`;
  });
  onCleanup(() => {
    document.title = t("app.name");
  });
}
