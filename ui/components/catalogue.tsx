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
import { Found, Whole } from "./catalogue-body.tsx";
import { createCatalogueView } from "./catalogue-view.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { searchWords } from "./fold-text.ts";
import { Loading } from "./loading.tsx";
import {
  countFound,
  isGrouped,
  makeFinder,
  sectionsOf,
  slugsOf,
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
  const view = createCatalogueView(data, props.now, () => props.instances);
  const whole = createMemo(() => sectionsOf(data(), view.order()));
  const finder = createMemo(() => makeFinder(data()));
  const searching = (): boolean => searchWords(search()).length > 0;
  const found = createMemo(() => (searching() ? finder()(whole(), search()) : whole()));
  const any = (): boolean => data().environments.length > 0;
  /** As many as there are cards for them. */
  const count = (it: Sections): number => (isGrouped(data()) ? countFound(it) : slugsOf(it).size);
  const none = (): boolean => any() && searching() && count(found()) === 0;
  createEffect(() => {
    if (any()) onCleanup(preloadViewerWhenQuiet());
  });
  return (
    <section aria-labelledby="catalogue" class={styles["catalogue"]}>
      <div class={styles["head"]}>
        <h2 id="catalogue" class={styles["title"]}>
          {t("catalogue.title")}
        </h2>
        <Show when={count(whole()) > 1}>
          <SearchField
            label={t("catalogue.searchLabel")}
            placeholder={t("catalogue.searchHint")}
            value={search()}
            onInput={setSearch}
            shortcut
          />
        </Show>
      </div>
      <div class={none() ? styles["empty"] : searching() ? styles["note"] : "visually-hidden"}>
        <p role="status">
          <Show when={searching() && any()}>
            {none()
              ? t("catalogue.noMatch", { search: search() })
              : t("catalogue.found", { count: count(found()) })}
          </Show>
        </p>
        <Show when={none()}>
          <p>{t("catalogue.searchedIn")}</p>
          <Button onClick={() => setSearch("")}>{t("catalogue.clearSearch")}</Button>
        </Show>
      </div>
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
        <Match when={searching() && !none()}>
          <Found view={view} data={data()} found={found()} now={props.now} />
        </Match>
        <Match when={!searching()}>
          <Whole {...props} view={view} data={data()} whole={whole()} />
        </Match>
      </Switch>
    </section>
  );
}
