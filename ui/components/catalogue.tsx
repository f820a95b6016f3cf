import { useNavigate } from "@solidjs/router";
import ChevronDown from "lucide-solid/icons/chevron-down";
import { createSignal, createUniqueId, For, Match, Show, Switch, type JSX } from "solid-js";
import type { Environment } from "../../gateway/schemas.ts";
import { start } from "../api/actions.ts";
import { useEnvironments } from "../api/queries.ts";
import { Button, buttonClass } from "../kit/button.tsx";
import { Menu, MenuItem } from "../kit/menu.tsx";
import { SearchField } from "../kit/search-field.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import { preloadViewer } from "../routes-preload.ts";
import { ErrorNotice } from "./error-notice.tsx";
import { searchEnvironments } from "./order.ts";
import { useSignedIn } from "./signed-in.tsx";
import styles from "./catalogue.module.css";

/** What this person may start. */
export function Catalogue(props: { readonly heading: "first" | "second" }): JSX.Element {
  const query = useEnvironments();
  const me = useSignedIn();
  const [search, setSearch] = createSignal("");
  const all = (): readonly Environment[] => (query.isPending ? [] : (query.data?.items ?? []));
  const found = (): Environment[] => searchEnvironments(all(), search());
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
          />
        </Show>
      </div>
      <Switch>
        <Match when={query.isError && all().length === 0}>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </Match>
        <Match when={query.isPending}>
          <p>{t("app.loading")}</p>
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
          <Show when={props.heading === "first"}>
            <p class={styles["note"]}>{t("catalogue.firstTime")}</p>
          </Show>
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
  const nameId = createUniqueId();
  const it = (): Environment => props.environment;
  const newest = (): string | undefined => it().versions[0]?.tag;
  const look = () => (props.primary ? ("primary" as const) : ("default" as const));

  const go = async (version?: string): Promise<void> => {
    if (busy()) return;
    preloadViewer();
    setBusy(true);
    setError(null);
    try {
      navigate(paths.desktop(await start(it(), version)));
    } catch (failure) {
      setError(() => failure);
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
        <Show when={it().description}>
          <p class={styles["description"]}>{it().description}</p>
        </Show>
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
