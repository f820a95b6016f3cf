import { createSignal, createUniqueId, For, onCleanup, onMount, Show, type JSX } from "solid-js";
import type { Environment } from "../../../gateway/schemas.ts";
import { useStationEnvironments } from "../../api/stations.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { useStart } from "../../components/use-start.ts";
import { Button } from "../../kit/button.tsx";
import { Select } from "../../kit/select.tsx";
import { t } from "../../messages/station.ts";
import { preloadViewer, preloadViewerWhenQuiet } from "../../routes-preload.ts";
import styles from "./station.module.css";

/** What may be started at this station, as the station: each for an experiment that runs here. */
export function Startable(): JSX.Element {
  const query = useStationEnvironments();
  const all = (): readonly Environment[] => query.data?.items ?? [];
  onMount(() => onCleanup(preloadViewerWhenQuiet()));
  return (
    <section class={styles["section"]} aria-labelledby="startable">
      <h2 id="startable" class={styles["title"]}>
        {t("catalogue.title")}
      </h2>
      <p class={styles["muted"]}>{t("station.shared")}</p>
      <Show when={query.isError && query.data === undefined}>
        <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
      </Show>
      <Show when={query.isPending}>
        <Loading />
      </Show>
      <Show when={query.data !== undefined && all().length === 0}>
        <p role="status">{t("station.noEnvironments")}</p>
      </Show>
      <ul class={styles["cards"]}>
        <For each={all()}>{(it) => <Card environment={it} />}</For>
      </ul>
    </section>
  );
}

function Card(props: { readonly environment: Environment }): JSX.Element {
  const starting = useStart();
  const [chosen, setChosen] = createSignal<string | null>(null);
  const nameId = createUniqueId();
  const it = (): Environment => props.environment;
  // One that was chosen may have ended since.
  const experiment = (): string => {
    const code = chosen();
    return code !== null && it().experiments.includes(code) ? code : (it().experiments[0] ?? "");
  };
  const named = (code: string): string => t("catalogue.experiment", { code });
  return (
    <li class={styles["card"]}>
      <div class={styles["about"]}>
        <h3 class={styles["subtitle"]} id={nameId}>
          {it().name}
        </h3>
        <Show when={it().description}>
          <p class={styles["description"]}>{it().description}</p>
        </Show>
        <Show
          when={it().experiments.length > 1}
          fallback={<p class={styles["muted"]}>{named(experiment())}</p>}
        >
          <div>
            <Select
              label={t("catalogue.experimentOf", { name: it().name })}
              value={experiment()}
              options={it().experiments.map((code) => ({ value: code, text: named(code) }))}
              onChange={setChosen}
            />
          </div>
        </Show>
      </div>
      <Button
        aria-describedby={nameId}
        aria-busy={starting.busy()}
        onPointerEnter={preloadViewer}
        onFocus={preloadViewer}
        onClick={() => void starting.go(it(), { experiment: experiment() })}
      >
        {starting.busy() ? t("catalogue.starting") : t("catalogue.start")}
      </Button>
      <Show when={starting.error()}>
        {(failure) => (
          <div class={styles["error"]}>
            <ErrorNotice error={failure()} doing="start" urgent />
          </div>
        )}
      </Show>
    </li>
  );
}
