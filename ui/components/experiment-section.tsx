import ChevronRight from "lucide-solid/icons/chevron-right";
import { createSignal, createUniqueId, For, Show, type Accessor, type JSX } from "solid-js";
import type { CatalogueExperiment } from "../../gateway/catalogue-schemas.ts";
import { locale, t } from "../messages/messages.ts";
import type { CatalogueView } from "./catalogue-view.ts";
import { EnvironmentCard } from "./environment-card.tsx";
import { phaseOf } from "./sections.ts";
import { formatClock, formatDays, formatExact } from "./time.ts";
import styles from "./experiment-section.module.css";

interface ExperimentSectionProps {
  readonly view: CatalogueView;
  readonly code: string;
  readonly slugs: readonly string[];
  readonly now: Accessor<number>;
  /** Whether it is open at first. */
  readonly open: boolean;
  readonly primary: boolean;
}

/** One experiment, and what may be started for it: a box that opens and closes. */
export function ExperimentSection(props: ExperimentSectionProps): JSX.Element {
  const [open, setOpen] = createSignal(props.open);
  const [headId, listId, aboutId] = [createUniqueId(), createUniqueId(), createUniqueId()];
  const title = (): string => props.view.experiment(props.code)?.title ?? "";
  return (
    <section class={`${styles["box"]} ${open() ? "" : styles["closed"]}`} aria-labelledby={headId}>
      <div class={styles["head"]}>
        <h3 class={styles["title"]} id={headId}>
          <button
            type="button"
            class={styles["toggle"]}
            aria-expanded={open()}
            aria-controls={listId}
            aria-describedby={aboutId}
            onClick={() => setOpen((it) => !it)}
          >
            <ChevronRight class={styles["arrow"] ?? ""} size={18} aria-hidden="true" />
            <span>
              {props.code} <Show when={title()}>{(it) => <span>{it()}</span>}</Show>
            </span>
          </button>
        </h3>
        <p class={styles["about"]} id={aboutId}>
          <Show when={props.view.experiment(props.code)}>
            {(it) => <About experiment={it()} now={props.now} />}
          </Show>
          <Show when={!open()}>
            {" · "}
            <span class={styles["count"]}>
              {t("catalogue.count", { count: props.slugs.length })}
            </span>
          </Show>
        </p>
      </div>
      <Show when={open()}>
        <ul class={styles["rows"]} id={listId}>
          <For each={props.slugs}>
            {(slug, index) => (
              <EnvironmentCard
                view={props.view}
                slug={slug}
                experiment={props.code}
                under={headId}
                heading="h4"
                primary={props.primary && index() === 0}
                row
              />
            )}
          </For>
        </ul>
      </Show>
    </section>
  );
}

/** Whether it goes on, where, and when: "Now · IMBL · until 18:00". */
function About(props: {
  readonly experiment: CatalogueExperiment;
  readonly now: Accessor<number>;
}): JSX.Element {
  const it = (): CatalogueExperiment => props.experiment;
  const phase = () => phaseOf(it(), props.now());
  const [startMs, endMs] = [() => Date.parse(it().startsAt), () => Date.parse(it().endsAt)];
  const exact = (): string =>
    `${formatExact(startMs(), locale())} – ${formatExact(endMs(), locale())}`;
  return (
    <>
      <span class={styles["phase"]} data-phase={phase()}>
        <svg class={styles["shape"]} viewBox="0 0 10 10" aria-hidden="true">
          <Show
            when={phase() !== "ended"}
            fallback={<rect x="2" y="2" width="6" height="6" rx="1" fill="currentColor" />}
          >
            <circle
              cx="5"
              cy="5"
              r="3.5"
              fill={phase() === "running" ? "currentColor" : "none"}
              stroke="currentColor"
              stroke-width="1.4"
            />
          </Show>
        </svg>
        {t(`catalogue.phase.${phase()}`)}
      </span>
      {" · "}
      <abbr class={styles["beamline"]} title={it().beamline.name}>
        {it().beamline.code}
      </abbr>
      {" · "}
      <time datetime={it().startsAt} title={exact()}>
        {phase() === "running"
          ? t("catalogue.until", { time: formatClock(endMs(), props.now(), locale(), false) })
          : formatDays(startMs(), endMs(), locale())}
      </time>
    </>
  );
}
