import { createUniqueId, Show, type Accessor, type JSX } from "solid-js";
import type { CatalogueEnvironment, LastStart } from "../../gateway/catalogue-schemas.ts";
import { Button } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { preloadViewer } from "../routes-preload.ts";
import { experimentText, type CatalogueView } from "./catalogue-view.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { Moment } from "./moment.tsx";
import { useStart } from "./use-start.ts";
import styles from "./last-start.module.css";

/** What somebody started last, once more with one click, and in words what that is. */
export function LastStartOffer(props: {
  readonly view: CatalogueView;
  readonly environment: CatalogueEnvironment;
  readonly last: LastStart;
  readonly primary: boolean;
  readonly now: Accessor<number>;
}): JSX.Element {
  const starting = useStart();
  const [headId, whatId] = [createUniqueId(), createUniqueId()];
  const version = (): string => props.last.version ?? props.environment.versions[0]?.tag ?? "";
  /** Who has no experiments need not be told that there is none. */
  const tellsExperiment = (): boolean =>
    props.last.experiment !== null || props.view.order().length > 0;
  const go = (): void =>
    void starting.go(props.environment, {
      version: props.last.version ?? undefined,
      experiment: props.last.experiment ?? undefined,
    });
  return (
    <section class={styles["last"]} aria-labelledby={headId}>
      <div class={styles["about"]}>
        <h3 class={styles["title"]} id={headId}>
          {t("catalogue.last")}
        </h3>
        <p class={styles["what"]} id={whatId}>
          {props.environment.name} {version()}
          <Show when={tellsExperiment()}>
            {" · "}
            {experimentText(props.view, props.last.experiment ?? "")}
          </Show>
          {" · "}
          {t("catalogue.lastAt")} <Moment at={props.last.at} now={props.now} />
        </p>
      </div>
      <Button
        variant={props.primary ? "primary" : "default"}
        aria-describedby={whatId}
        aria-busy={starting.busy()}
        onPointerEnter={preloadViewer}
        onFocus={preloadViewer}
        onClick={go}
      >
        {starting.busy() ? t("catalogue.starting") : t("catalogue.lastStart")}
      </Button>
      <Show when={starting.error()}>
        {(failure) => (
          <div class={styles["error"]}>
            <ErrorNotice error={failure()} doing="start" retry={go} urgent />
          </div>
        )}
      </Show>
    </section>
  );
}
