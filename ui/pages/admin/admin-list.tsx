import { Match, Show, Switch, type JSX } from "solid-js";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { Button } from "../../kit/button.tsx";
import { SearchField } from "../../kit/search-field.tsx";
import { Table, type Column } from "../../kit/table.tsx";
import { t } from "../../messages/admin.ts";
import type { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

interface AdminListProps<T> {
  readonly title: string;
  readonly none: string;
  readonly list: ReturnType<typeof useAdminList<T>>;
  readonly columns: readonly Column<T>[];
  readonly action?: JSX.Element;
  /** What the list is about, where its name does not say it. */
  readonly text?: string | undefined;
  /** Below the head: what else narrows the list down. */
  readonly filters?: JSX.Element;
  readonly onOpen?: ((row: T) => void) | undefined;
  /** What a row opens to in its place; null where it is closed. */
  readonly detail?: ((row: T) => JSX.Element | null) | undefined;
}

/** A page of the administration that is one list: title, search, table, count. */
export function AdminList<T>(props: AdminListProps<T>): JSX.Element {
  const rows = (): readonly T[] => props.list.rows();
  const more = (): boolean => props.list.query.hasNextPage;
  return (
    <div class={`${styles["page"]} ${props.filters === undefined ? "" : styles["filtered"]}`}>
      <div class={styles["head"]}>
        <h1 class={styles["title"]}>{props.title}</h1>
        <SearchField
          label={t("admin.search")}
          placeholder={t("admin.search")}
          value={props.list.search()}
          onInput={props.list.setSearch}
          shortcut
        />
        {props.action}
      </div>
      <Show when={props.text}>{(text) => <p class={styles["muted"]}>{text()}</p>}</Show>
      {props.filters}
      <Switch>
        <Match when={props.list.query.isError && rows().length === 0}>
          <ErrorNotice
            error={props.list.query.error}
            doing="look"
            retry={() => void props.list.query.refetch()}
          />
        </Match>
        <Match when={props.list.query.isPending}>
          <Loading />
        </Match>
        <Match when={rows().length === 0 && props.list.search() === "" && !props.list.filtered()}>
          <p role="status">{props.none}</p>
        </Match>
        <Match when={rows().length === 0}>
          <div class={styles["none"]} role="status">
            <p>
              {props.list.filtered()
                ? t("admin.noneFiltered")
                : t("admin.noMatch", { search: props.list.search() })}
            </p>
            <Button onClick={() => props.list.clear()}>
              {props.list.filtered() ? t("admin.clearFilters") : t("catalogue.clearSearch")}
            </Button>
          </div>
        </Match>
        <Match when={rows().length > 0}>
          <Table
            label={props.title}
            columns={props.columns}
            rows={rows()}
            onOpen={props.onOpen}
            detail={props.detail}
          />
          <div class={styles["foot"]} role="status">
            {more()
              ? t("admin.countMore", { count: rows().length })
              : t("admin.count", { count: rows().length })}
            <Show when={more()}>
              <Button size="small" onClick={() => void props.list.query.fetchNextPage()}>
                {t("admin.more")}
              </Button>
            </Show>
          </div>
        </Match>
      </Switch>
    </div>
  );
}
