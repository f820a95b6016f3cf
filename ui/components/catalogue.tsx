import { useNavigate } from "@solidjs/router";
import ChevronDown from "lucide-solid/icons/chevron-down";
import {
  createEffect,
  createSignal,
  createUniqueId,
  For,
  Match,
  onCleanup,
  Show,
  Switch,
  type JSX,
} from "solid-js";
import type { Environment } from "../../gateway/schemas.ts";
import { start } from "../api/actions.ts";
import { ApiError } from "../api/errors.ts";
import { useEnvironments } from "../api/queries.ts";
import { keys, queryClient } from "../api/query-client.ts";
import { Button, buttonClass } from "../kit/button.tsx";
import { Menu, MenuItem } from "../kit/menu.tsx";
import { SearchField } from "../kit/search-field.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { preloadViewer, preloadViewerWhenQuiet } from "../routes-preload.ts";
import { ErrorNotice, toastError } from "./error-notice.tsx";
import { ExperimentChoice } from "./experiment-choice.tsx";
import { usualExperiment } from "./experiment.ts";
import { Loading } from "./loading.tsx";
import { searchEnvironments } from "./order.ts";
import { useSignedIn } from "./signed-in-context.ts";
import styles from "./catalogue.module.css";

/** What this person may start. */
export function Catalogue(props: {
  readonly heading: "first" | "second";
  /** What is to be known before one starts. */
  readonly note?: string;
}): JSX.Element {
  const query = useEnvironments();
  const me = useSignedIn();
  const [search, setSearch] = createSignal("");
  const all = (): readonly Environment[] => (query.isPending ? [] : (query.data?.items ?? []));
  const found = (): Environment[] => searchEnvironments(all(), search());
  createEffect(() => {
    if (all().length > 0) onCleanup(preloadViewerWhenQuiet());
  });
  return (
    <section aria-labelledby="catalogue" class={styles["catalogue"]}>
      <div class={styles["head"]}>
        <h2 id="catalogue" class={styles["title"]}>
          {t("catalogue.title")}
        </h2>
        <Show when={all().length > 1}>
          <SearchField
            label={t("catalogue.searchLabel")}
            placeholder={t("catalogue.search")}
            value={search()}
            onInput={setSearch}
            shortcut
          />
        </Show>
      </div>
      <Switch>
        <Match when={query.isError && all().length === 0}>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </Match>
        <Match when={query.isPending}>
          <Loading />
        </Match>
        <Match when={all().length === 0}>
          <div class={styles["empty"]}>
            <strong>{t("catalogue.none")}</strong>
            <p>
              {me().roles.includes("admin") ? t("catalogue.noneAdmin") : t("catalogue.noneUser")}
            </p>
          </div>
        </Match>
        <Match when={found().length === 0}>
          <div class={styles["empty"]}>
            <p>{t("catalogue.noMatch", { search: search() })}</p>
            <Button onClick={() => setSearch("")}>{t("catalogue.clearSearch")}</Button>
          </div>
        </Match>
        <Match when={found().length > 0}>
          <Show when={props.note === undefined && props.heading === "first"}>
            <p class={styles["note"]}>{t("catalogue.firstTime")}</p>
          </Show>
          <Show when={props.note}>{(note) => <p class={styles["note"]}>{note()}</p>}</Show>
          <ul class={styles["list"]}>
            <For each={found()}>
              {(environment, index) => (
                <EnvironmentCard
                  environment={environment}
                  primary={props.heading === "first" && index() === 0}
                />
              )}
            </For>
          </ul>
        </Match>
      </Switch>
    </section>
  );
}

function EnvironmentCard(props: {
  readonly environment: Environment;
  readonly primary: boolean;
}): JSX.Element {
  const navigate = useNavigate();
  const [busy, setBusy] = createSignal(false);
  const [error, setError] = createSignal<unknown>(null);
  const [chosen, setChosen] = createSignal<string | null>(null);
  const nameId = createUniqueId();
  const it = (): Environment => props.environment;
  // One that was chosen may have left the list since.
  const experiment = (): string => {
    const code = chosen();
    const there = code !== null && (code === "" || it().experiments.includes(code));
    return there ? code : usualExperiment(it());
  };
  const newest = (): string | undefined => it().versions[0]?.tag;
  const look = () => (props.primary ? ("primary" as const) : ("default" as const));

  const go = async (version?: string): Promise<void> => {
    if (busy()) return;
    preloadViewer();
    setBusy(true);
    setError(null);
    try {
      navigate(
        paths.desktop(await start(it(), { version, experiment: experiment() || undefined })),
      );
    } catch (failure) {
      if (isGone(failure)) {
        // Its card goes, and would take the message along.
        toastError(failure, "start");
        void queryClient.invalidateQueries({ queryKey: keys.environments });
      } else setError(() => failure);
    } finally {
      setBusy(false);
    }
  };

  return (
    <li class={styles["card"]}>
      <span class={styles["tile"]} aria-hidden="true">
        {[...it().name][0]?.toLocaleUpperCase()}
      </span>
      <div class={styles["about"]}>
        <h3 class={styles["name"]} id={nameId}>
          {it().name}
        </h3>
        <p class={styles["note"]}>
          <Show when={newest()}>{(tag) => t("catalogue.versionOf", { version: tag() })}</Show>
          <Show when={it().kind === "service"}>
            {" · "}
            {t("catalogue.service")}
          </Show>
        </p>
      </div>
      <div class={`${styles["go"]} ${it().versions.length > 1 ? styles["split"] : ""}`}>
        <Button
          variant={look()}
          aria-describedby={nameId}
          aria-busy={busy()}
          onPointerEnter={preloadViewer}
          onFocus={preloadViewer}
          onClick={() => void go()}
        >
          {busy() ? t("catalogue.starting") : t("catalogue.start")}
        </Button>
        <Show when={it().versions.length > 1}>
          <Menu
            label={t("catalogue.version", { name: it().name })}
            triggerClass={buttonClass({ variant: look(), icon: true })}
            trigger={<ChevronDown size={16} aria-hidden="true" />}
          >
            <For each={it().versions}>
              {(version, index) => (
                <MenuItem onSelect={() => void go(version.tag)}>
                  {index() === 0
                    ? t("catalogue.versionNewest", { version: version.tag })
                    : version.tag}
                </MenuItem>
              )}
            </For>
          </Menu>
        </Show>
      </div>
      <Show when={it().description}>{(text) => <Description text={text()} of={nameId} />}</Show>
      <Show when={it().experiments.length > 0}>
        <div class={styles["experiment"]}>
          <ExperimentChoice environment={it()} value={experiment()} onChange={setChosen} />
        </div>
      </Show>
      <Show when={error()}>
        {(failure) => (
          <div class={styles["error"]}>
            <ErrorNotice error={failure()} doing="start" retry={() => void go()} urgent />
          </div>
        )}
      </Show>
    </li>
  );
}

/** It left the catalogue after this page had read it. */
const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** About what three lines of a card hold. */
const shortLength = 160;

/** The first lines of a description, and the rest for who asks for it. */
function Description(props: { readonly text: string; readonly of: string }): JSX.Element {
  const [whole, setWhole] = createSignal(false);
  const long = (): boolean => props.text.length > shortLength;
  return (
    <div class={styles["description"]}>
      <p class={long() && !whole() ? styles["cut"] : ""}>{props.text}</p>
      <Show when={long()}>
        <Button
          variant="link"
          aria-expanded={whole()}
          aria-describedby={props.of}
          onClick={() => setWhole((it) => !it)}
        >
          {whole() ? t("catalogue.less") : t("catalogue.more")}
        </Button>
      </Show>
    </div>
  );
}
