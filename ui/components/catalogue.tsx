import {
  createEffect,
  createMemo,
  createSignal,
  Match,
  onCleanup,
  Show,
  Switch,
  type Accessor,
  type JSX,
} from "solid-js";
import type { Catalogue as CatalogueData } from "../../gateway/catalogue-schemas.ts";
import type { Instance } from "../../gateway/schemas.ts";
import { useCatalogue } from "../api/queries.ts";
import { Button } from "../kit/button.tsx";
import { SearchField } from "../kit/search-field.tsx";
import { t } from "../messages/messages.ts";
import { preloadViewerWhenQuiet } from "../routes-preload.ts";
import { Cards, Experiments, Favourites, Free } from "./catalogue-parts.tsx";
import { createCatalogueView, type CatalogueView } from "./catalogue-view.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { searchWords } from "./fold-text.ts";
import { LastStartOffer } from "./last-start.tsx";
import { Loading } from "./loading.tsx";
import {
  countFound,
  favouritesFirst,
  isGrouped,
  makeFinder,
  offersLast,
  sectionsOf,
  type Sections,
} from "./sections.ts";
import { useSignedIn } from "./signed-in-context.ts";
import styles from "./catalogue.module.css";

interface CatalogueProps {
  readonly heading: "first" | "second";
  /** The person's own, for what they run already. */
  readonly instances: readonly Instance[];
  /** Ticks slowly. */
  readonly now: Accessor<number>;
}

const nothing: CatalogueData = { environments: [], experiments: [], last: null };

/** What this person may start. */
export function Catalogue(props: CatalogueProps): JSX.Element {
  const query = useCatalogue();
  const me = useSignedIn();
  const [search, setSearch] = createSignal("");
  const data = (): CatalogueData => (query.isPending ? nothing : (query.data ?? nothing));
  const view = createCatalogueView(data, props.now);
  const whole = createMemo(() => sectionsOf(data(), view.order()));
  const finder = createMemo(() => makeFinder(data()));
  const searching = (): boolean => searchWords(search()).length > 0;
  const found = createMemo(() => (searching() ? finder()(whole(), search()) : whole()));
  const any = (): boolean => data().environments.length > 0;
  createEffect(() => {
    if (any()) onCleanup(preloadViewerWhenQuiet());
  });
  return (
    <section aria-labelledby="catalogue" class={styles["catalogue"]}>
      <div class={styles["head"]}>
        <h2 id="catalogue" class={styles["title"]}>
          {t("catalogue.title")}
        </h2>
        <Show when={countFound(whole()) > 1}>
          <SearchField
            label={t("catalogue.searchLabel")}
            placeholder={t("catalogue.searchHint")}
            value={search()}
            onInput={setSearch}
            shortcut
          />
        </Show>
      </div>
      <p role="status" class={searching() && any() ? styles["note"] : "visually-hidden"}>
        <Show when={searching() && any()}>
          {countFound(found()) === 0
            ? t("catalogue.noMatch", { search: search() })
            : t("catalogue.found", { count: countFound(found()) })}
        </Show>
      </p>
      <Switch>
        <Match when={query.isError && !any()}>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </Match>
        <Match when={query.isPending}>
          <Loading />
        </Match>
        <Match when={!any()}>
          <div class={styles["empty"]}>
            <strong>{t("catalogue.none")}</strong>
            <p>
              {me().roles.includes("admin") ? t("catalogue.noneAdmin") : t("catalogue.noneUser")}
            </p>
          </div>
        </Match>
        <Match when={countFound(found()) === 0 && searching()}>
          <div class={styles["empty"]}>
            <p>{t("catalogue.searchedIn")}</p>
            <Button onClick={() => setSearch("")}>{t("catalogue.clearSearch")}</Button>
          </div>
        </Match>
        <Match when={searching()}>
          <Found view={view} data={data()} found={found()} now={props.now} />
        </Match>
        <Match when={true}>
          <Whole {...props} view={view} data={data()} whole={whole()} />
        </Match>
      </Switch>
    </section>
  );
}

interface FoundProps {
  readonly view: CatalogueView;
  readonly data: CatalogueData;
  readonly found: Sections;
  readonly now: Accessor<number>;
}

/** What a search has found: all of it in one place, nothing else around it. */
function Found(props: FoundProps): JSX.Element {
  const flat = (): string[] => {
    const slugs = new Set([
      ...props.found.free,
      ...props.found.experiments.flatMap((it) => it.slugs),
    ]);
    return favouritesFirst(props.data.environments).filter((it) => slugs.has(it));
  };
  return (
    <Show
      when={isGrouped(props.data)}
      fallback={<Cards view={props.view} slugs={flat()} heading="h3" primary={false} />}
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

interface WholeProps extends CatalogueProps {
  readonly view: CatalogueView;
  readonly data: CatalogueData;
  readonly whole: Sections;
}

/** All of it: the last start first, then favourites, experiments, and what needs none. */
function Whole(props: WholeProps): JSX.Element {
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
          <Cards
            view={props.view}
            slugs={favouritesFirst(props.data.environments)}
            heading="h3"
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
