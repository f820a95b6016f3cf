import type { Instance } from "../../gateway/schemas.ts";
import { serverNowMs } from "../api/clock.ts";
import { queryClient } from "../api/query-client.ts";
import { showToast } from "../kit/toasts.ts";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { showTitleNews } from "./page-title.ts";
import { notifyOf, isTelling, stopTelling } from "./tell-me.ts";
import { createStartWatch, type StartNews } from "./start-watch.ts";

/**
 * Tells, on whichever page one is, that something which waited has its place and runs: with a message,
 * which screen readers say, with the tab's title, and where that was asked for with a notification of
 * the browser's. Returns the way to stop it.
 */
export function followStarts(): () => void {
  const watch = createStartWatch(isTelling);
  return queryClient.getQueryCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "success") return;
    for (const instance of instancesOf(event.query.queryKey[0], event.query.state.data)) {
      const news = watch(instance, serverNowMs());
      if (news !== null) tell(instance, news);
    }
  });
}

function instancesOf(kind: unknown, data: unknown): readonly Instance[] {
  if (data === undefined || data === null) return [];
  if (kind === "instances") return (data as { items: readonly Instance[] }).items;
  return kind === "instance" ? [data as Instance] : [];
}

function words(instance: Instance, news: StartNews): string {
  const { name } = instance;
  if (news === "placed") return t("news.placed", { name, node: instance.node?.name ?? "" });
  return news === "running" ? t("news.running", { name }) : t("news.failed", { name });
}

function tell(instance: Instance, news: StartNews): void {
  const text = words(instance, news);
  // Who looks at its start sees it.
  const seen = document.hasFocus() && location.pathname === paths.desktop(instance);
  if (!seen) {
    showToast({ tone: news === "failed" ? "attention" : "info", title: text });
    showTitleNews(text);
  }
  if (news === "placed" || !isTelling(instance.id)) return;
  stopTelling(instance.id);
  if (!seen) notifyOf(instance.id, text);
}
