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
/** Of those that a search has found, so many are open: each has what is sought. */
const openFound = 24;

/** Cards side by side, on each of which one may choose an experiment. */
function Cards(props: {
  readonly view: CatalogueView;
  readonly slugs: readonly string[];
  readonly heading: "h3" | "h4";
  readonly primary: boolean;
  readonly under?: string | undefined;
  /** For which to start what needs none; where this is left out, one chooses on each card. */
  readonly free?: string | undefined;
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
            free={props.free}
          />
        )}
      </For>
    </ul>
  );
}

export function Favourites(props: PartProps): JSX.Element {
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

/** For which experiment to start what needs none; nothing where there are no experiments. */
function StartFor(props: {
  readonly view: CatalogueView;
  readonly value: string;
  readonly onChange: (code: string) => void;
}): JSX.Element {
  return (
    <Show when={props.view.order().length > 0}>
      <div class={styles["for"]}>
        <span aria-hidden="true">{t("catalogue.startFor")}</span>
        <Select
          label={t("catalogue.startFor")}
          value={props.value}
          options={["", ...props.view.order()].map((value) => ({
            value,
            text: experimentText(props.view, value),
          }))}
          onChange={(code) => props.onChange(code)}
        />
      </div>
    </Show>
  );
}

interface PartProps {
  readonly view: CatalogueView;
  readonly slugs: readonly string[];
  readonly primary: boolean;
}

/** An experiment's code, or "": one that was chosen may have left the list since. */
function createChoice(view: CatalogueView) {
  const [chosen, setChosen] = createSignal("");
  return [() => (view.order().includes(chosen()) ? chosen() : ""), setChosen] as const;
}

/** All of it in one list, where there is no more than one experiment. */
export function Flat(props: PartProps): JSX.Element {
  const [code, setCode] = createChoice(props.view);
  const free = (): boolean =>
    props.slugs.some((slug) => props.view.environment(slug)?.needsExperiment === false);
  return (
    <>
      <Show when={free()}>
        <StartFor view={props.view} value={code()} onChange={setCode} />
      </Show>
      <Cards {...props} heading="h3" free={code()} />
    </>
  );
}

/** What is open without an experiment, and may be started for any of one's own. */
export function Free(props: PartProps): JSX.Element {
  const headId = createUniqueId();
  const [code, setCode] = createChoice(props.view);
  return (
    <section class={styles["part"]} aria-labelledby={headId}>
      <div class={styles["partHead"]}>
        <h3 class={styles["partTitle"]} id={headId}>
          {t("catalogue.free")}
        </h3>
        <StartFor view={props.view} value={code()} onChange={setCode} />
      </div>
      <Cards {...props} heading="h4" under={headId} free={code()} />
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
      <div class={styles["list"]} ref={(it) => (boxes = it)}>
        <For each={codes()}>
          {(code, index) => (
            <ExperimentSection
              view={props.view}
              code={code}
              slugs={slugs(code)}
              now={props.now}
              open={index() < (props.searching ? openFound : openFirst)}
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
