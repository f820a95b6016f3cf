import { createMemo, createSignal, For, Show, type JSX } from "solid-js";
import type { Instance } from "../../gateway/schemas.ts";
import { useInstances } from "../api/queries.ts";
import { Catalogue } from "../components/catalogue.tsx";
import { ErrorNotice } from "../components/error-notice.tsx";
import { InstanceCard } from "../components/instance-card.tsx";
import { createNow } from "../components/now.ts";
import {
  endedInstances,
  liveInstances,
  searchInstances,
  startPrecision,
} from "../components/order.ts";
import { usePageTitle } from "../components/page-title.ts";
import { RecentRow } from "../components/recent-row.tsx";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import styles from "./desktops.module.css";

const recentFirst = 4;
/** More than this share the width. */
const crowdFrom = 2;
/** More than this are looked for rather than looked at. */
const filterFrom = 9;

/** What runs, what can be started, and what ended. */
export function DesktopsPage(): JSX.Element {
  const query = useInstances();
  const now = createNow(10_000);
  const [all, setAll] = createSignal(false);
  const items = (): readonly Instance[] => (query.isPending ? [] : (query.data?.items ?? []));
  const [filter, setFilter] = createSignal("");
  const live = createMemo(() => liveInstances(items()));
  const crowded = (): boolean => live().length > crowdFrom;
  const running = (): number => live().filter((it) => it.state === "running").length;
  const filtered = createMemo(() => searchInstances(live(), filter()));
  const ended = createMemo(() => endedInstances(items()));
  const shown = (): Instance[] => (all() ? ended() : ended().slice(0, recentFirst));
  usePageTitle(() => t("desktops.title"));
  return (
    <div class={styles["page"]}>
      <h1 class="visually-hidden">{t("desktops.title")}</h1>
      <Show when={query.isError && items().length === 0}>
        <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} urgent />
      </Show>
      <Show when={live().length > 0}>
        <section class={styles["section"]} aria-labelledby="running">
          <div class={styles["head"]}>
            <h2 id="running" class={styles["title"]}>
              {t("desktops.running")}
              <Show when={live().length > 1}>
                <span class={styles["count"]}>{live().length}</span>
              </Show>
            </h2>
            <Show when={live().length >= filterFrom}>
              <input
                class={styles["filter"]}
                type="search"
                aria-label={t("desktops.filter")}
                placeholder={t("desktops.filter")}
                value={filter()}
                onInput={(event) => setFilter(event.currentTarget.value)}
              />
            </Show>
          </div>
          <Show when={filtered().length === 0}>
            <p role="status">{t("desktops.filterNone", { search: filter() })}</p>
          </Show>
          <ul class={`${styles["cards"]} ${crowded() ? styles["grid"] : ""}`}>
            <For each={filtered()}>
              {(instance) => (
                <InstanceCard
                  instance={instance}
                  now={now}
                  size={live().length === 1 ? "large" : "medium"}
                  since={live().length === 1 ? null : startPrecision(instance, live())}
                  crowded={running() > crowdFrom}
                />
              )}
            </For>
          </ul>
        </section>
      </Show>
      <Catalogue heading={!query.isPending && live().length === 0 ? "first" : "second"} />
      <Show when={ended().length > 0}>
        <section class={styles["section"]} aria-labelledby="recent">
          <h2 id="recent" class={styles["title"]}>
            {t("desktops.recent")}
          </h2>
          <ul class={styles["rows"]}>
            <For each={shown()}>{(instance) => <RecentRow instance={instance} now={now} />}</For>
          </ul>
          <Show when={!all() && ended().length > recentFirst}>
            <Button variant="quiet" class={styles["more"] ?? ""} onClick={() => setAll(true)}>
              {t("desktops.showAll", { count: ended().length - recentFirst })}
            </Button>
          </Show>
        </section>
      </Show>
    </div>
  );
}
