import { createSignal, createUniqueId, For, Show, type Accessor, type JSX } from "solid-js";
import { Button } from "../kit/button.tsx";
import { Select } from "../kit/select.tsx";
import { t } from "../messages/messages.ts";
import { experimentText, type CatalogueView } from "./catalogue-view.ts";
import { EnvironmentCard } from "./environment-card.tsx";
import { ExperimentSection } from "./experiment-section.tsx";
import type { Section } from "./sections.ts";
import styles from "./catalogue.module.css";

/** So many sections are open at first; what is older takes a click. */
const openFirst = 4;
/** So many are there at first, open or not. */
const shownFirst = 12;

/** Cards side by side, on each of which one may choose an experiment. */
export function Cards(props: {
  readonly view: CatalogueView;
  readonly slugs: readonly string[];
  readonly heading: "h3" | "h4";
  readonly primary: boolean;
  readonly under?: string | undefined;
  /** For all of them; where this is left out, one chooses on each card. */
  readonly experiment?: string | undefined;
}): JSX.Element {
  return (
    <ul class={styles["list"]}>
      <For each={props.slugs}>
        {(slug, index) => (
          <EnvironmentCard
            view={props.view}
            slug={slug}
            heading={props.heading}
            primary={props.primary && index() === 0}
            under={props.under}
            experiment={props.experiment}
          />
        )}
      </For>
    </ul>
  );
}

export function Favourites(props: {
  readonly view: CatalogueView;
  readonly slugs: readonly string[];
  readonly primary: boolean;
}): JSX.Element {
  const headId = createUniqueId();
  return (
    <section class={styles["part"]} aria-labelledby={headId}>
      <h3 class={styles["partTitle"]} id={headId}>
        {t("catalogue.favourites")}
      </h3>
      <Cards {...props} heading="h4" under={headId} />
    </section>
  );
}

/** What is open without an experiment, and may be started for any of one's own. */
export function Free(props: {
  readonly view: CatalogueView;
  readonly slugs: readonly string[];
  readonly primary: boolean;
}): JSX.Element {
  const headId = createUniqueId();
  const [chosen, setChosen] = createSignal("");
  // One that was chosen may have left the list since.
  const code = (): string => (props.view.order().includes(chosen()) ? chosen() : "");
  return (
    <section class={styles["part"]} aria-labelledby={headId}>
      <div class={styles["partHead"]}>
        <h3 class={styles["partTitle"]} id={headId}>
          {t("catalogue.free")}
        </h3>
        <div class={styles["for"]}>
          <span aria-hidden="true">{t("catalogue.startFor")}</span>
          <Select
            label={t("catalogue.startFor")}
            value={code()}
            options={["", ...props.view.order()].map((value) => ({
              value,
              text: experimentText(props.view, value),
            }))}
            onChange={setChosen}
          />
        </div>
      </div>
      <Cards {...props} heading="h4" under={headId} experiment={code()} />
    </section>
  );
}

/** A person's experiments, the first of them open; `searching`: all of them, as each has what is sought. */
export function Experiments(props: {
  readonly view: CatalogueView;
  readonly sections: readonly Section[];
  readonly now: Accessor<number>;
  readonly primary: boolean;
  readonly searching: boolean;
}): JSX.Element {
  let boxes: HTMLDivElement | undefined;
  const [all, setAll] = createSignal(false);
  const some = (): boolean => !all() && props.sections.length > shownFirst + 1;
  const codes = (): string[] =>
    (some() ? props.sections.slice(0, shownFirst) : props.sections).map((it) => it.code);
  const slugs = (code: string): readonly string[] =>
    props.sections.find((it) => it.code === code)?.slugs ?? [];
  const showAll = (): void => {
    setAll(true);
    // The button is gone; who pressed it goes on where it was.
    boxes?.querySelectorAll<HTMLElement>("h3 > button")[shownFirst]?.focus();
  };
  return (
    <div class={styles["part"]}>
      <div class={styles["boxes"]} ref={(it) => (boxes = it)}>
        <For each={codes()}>
          {(code, index) => (
            <ExperimentSection
              view={props.view}
              code={code}
              slugs={slugs(code)}
              now={props.now}
              open={index() < (props.searching ? shownFirst : openFirst)}
              primary={props.primary && index() === 0}
            />
          )}
        </For>
      </div>
      <Show when={some()}>
        <Button variant="quiet" class={styles["more"] ?? ""} onClick={showAll}>
          {t("catalogue.showAll", { count: props.sections.length })}
        </Button>
      </Show>
    </div>
  );
}
