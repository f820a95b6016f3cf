import { Show, type Accessor, type JSX } from "solid-js";
import type { Catalogue } from "../../gateway/catalogue-schemas.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { t } from "../messages/messages.ts";
import { Experiments, Favourites, Flat, Free } from "./catalogue-parts.tsx";
import type { CatalogueView } from "./catalogue-view.ts";
import { LastStartOffer } from "./last-start.tsx";
import { isGrouped, offersLast, orderFlat, slugsOf, type Sections } from "./sections.ts";
import styles from "./catalogue.module.css";

interface FoundProps {
  readonly view: CatalogueView;
  readonly data: Catalogue;
  readonly found: Sections;
  readonly now: Accessor<number>;
}

/** What a search has found: all of it in one place, nothing else around it. */
export function Found(props: FoundProps): JSX.Element {
  const flat = (): string[] => {
    const slugs = slugsOf(props.found);
    return orderFlat(props.data.environments).filter((it) => slugs.has(it));
  };
  return (
    <Show
      when={isGrouped(props.data)}
      fallback={<Flat view={props.view} slugs={flat()} primary={false} />}
    >
      <Show when={props.found.experiments.length > 0}>
        <Experiments
          view={props.view}
          sections={props.found.experiments}
          now={props.now}
          primary={false}
          searching
        />
      </Show>
      <Show when={props.found.free.length > 0}>
        <Free view={props.view} slugs={props.found.free} primary={false} />
      </Show>
    </Show>
  );
}

interface WholeProps {
  readonly heading: "first" | "second";
  /** The person's own, for what they run already. */
  readonly instances: readonly Instance[];
  /** Ticks slowly. */
  readonly now: Accessor<number>;
  readonly view: CatalogueView;
  readonly data: Catalogue;
  readonly whole: Sections;
}

/** All of it: the last start first, then favourites, experiments, and what needs none. */
export function Whole(props: WholeProps): JSX.Element {
  const last = () => (offersLast(props.data, props.instances) ? props.data.last : null);
  const favourites = (): string[] =>
    props.data.environments.filter((it) => it.favourite).map((it) => it.slug);
  const sections = () => props.whole.experiments;
  /** The one button that stands out is the first there is. */
  const first = (): "last" | "favourites" | "experiments" | "free" | null => {
    if (props.heading !== "first") return null;
    if (last() !== null) return "last";
    if (isGrouped(props.data) && favourites().length > 0) return "favourites";
    return isGrouped(props.data) && sections().length > 0 ? "experiments" : "free";
  };
  return (
    <>
      <Show when={props.heading === "first" && props.data.last === null}>
        <p class={styles["note"]}>{t("catalogue.firstTime")}</p>
      </Show>
      <Show when={last()}>
        {(start) => (
          <Show when={props.view.environment(start().environment)}>
            {(environment) => (
              <LastStartOffer
                view={props.view}
                environment={environment()}
                last={start()}
                primary={first() === "last"}
                now={props.now}
              />
            )}
          </Show>
        )}
      </Show>
      <Show
        when={isGrouped(props.data)}
        fallback={
          <Flat
            view={props.view}
            slugs={orderFlat(props.data.environments)}
            primary={first() === "free"}
          />
        }
      >
        <Show when={favourites().length > 0}>
          <Favourites view={props.view} slugs={favourites()} primary={first() === "favourites"} />
        </Show>
        <Show when={sections().length > 0}>
          <Experiments
            view={props.view}
            sections={sections()}
            now={props.now}
            primary={first() === "experiments"}
            searching={false}
          />
        </Show>
        <Show when={props.whole.free.length > 0}>
          <Free view={props.view} slugs={props.whole.free} primary={first() === "free"} />
        </Show>
      </Show>
    </>
  );
}
