import { createEffect, createSignal, onCleanup } from "solid-js";
import { t } from "../messages/messages.ts";

const [news, setNews] = createSignal<string | null>(null);

/** Puts something in front of the title until somebody is at the page. */
export function showTitleNews(text: string): void {
  setNews(text);
  const events = ["focus", "pointerdown", "keydown", "visibilitychange"] as const;
  const seen = (): void => {
    if (document.visibilityState !== "visible") return;
    setNews(null);
    for (const it of events) window.removeEventListener(it, seen, { capture: true });
  };
  for (const it of events) window.addEventListener(it, seen, { capture: true });
}

/** Keeps the tab's title; `title` is reactive. */
export function usePageTitle(title: () => string): void {
  createEffect(() => {
    const parts = [news(), title(), t("app.name")];
    document.title = parts.filter((it) => it !== null).join(" · ");
  });
  onCleanup(() => {
    document.title = t("app.name");
  });
}
