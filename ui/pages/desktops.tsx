import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { useCatalogue, useInstances } from "../api/queries.ts";
import { Catalogue } from "../components/catalogue.tsx";
import { DesktopList } from "../components/desktop-list.tsx";
import { ErrorNotice } from "../components/error-notice.tsx";
import { Loading } from "../components/loading.tsx";
import { createNow } from "../components/now.ts";
import { endedInstances, liveInstances } from "../components/order.ts";
import { usePageTitle } from "../components/page-title.ts";
import { RecentRow } from "../components/recent-row.tsx";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import styles from "./desktops.module.css";

const recentFirst = 4;

/** What runs, what can be started, and what ended. */
export function DesktopsPage(): JSX.Element {
  const query = useInstances();
  // Asked for beside the desktops, though it is shown after them.
  useCatalogue();
  const now = createNow(10_000);
  const [all, setAll] = createSignal(false);
  const items = (): readonly Instance[] => (query.isPending ? [] : (query.data?.items ?? []));
  const live = createMemo(() => liveInstances(items()));
  const ended = createMemo(() => endedInstances(items()));
  // A button that shows one more takes the place of that one.
  const some = (): boolean => !all() && ended().length > recentFirst + 1;
  const shown = (): Instance[] => (some() ? ended().slice(0, recentFirst) : ended());
  usePageTitle(() => t("desktops.title"));
  return (
    <div class={styles["page"]}>
      <h1 class="visually-hidden">{t("desktops.title")}</h1>
      <Show when={query.isError && items().length === 0}>
        <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} urgent />
      </Show>
      <Show when={live().length > 0}>
        <DesktopList instances={live()} now={now} />
      </Show>
      {/* Not before it is known what stands above it: a button must not move from under a finger. */}
      <Show when={!query.isPending} fallback={<Loading />}>
        <Catalogue
          heading={live().length === 0 ? "first" : "second"}
          instances={items()}
          now={now}
        />
      </Show>
      <Show when={ended().length > 0}>
        <section class={styles["section"]} aria-labelledby="recent">
          <h2 id="recent" class={styles["title"]}>
            {t("desktops.recent")}
          </h2>
          <ul class={styles["rows"]}>
            <For each={shown()}>{(instance) => <RecentRow instance={instance} now={now} />}</For>
          </ul>
          <Show when={some()}>
            <Button variant="quiet" class={styles["more"] ?? ""} onClick={() => setAll(true)}>
              {t("desktops.showAll", { count: ended().length })}
            </Button>
          </Show>
        </section>
      </Show>
    </div>
  );
}
