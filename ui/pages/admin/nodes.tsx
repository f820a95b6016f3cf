import { useNavigate } from "@solidjs/router";
import { createMemo, Match, Show, Switch, type JSX } from "solid-js";
import type { AdminNode } from "../../../gateway/node-schemas.ts";
import { ErrorNotice } from "../../components/error-notice.tsx";
import { Loading } from "../../components/loading.tsx";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { SearchField } from "../../kit/search-field.tsx";
import { Segmented } from "../../kit/segmented.tsx";
import { Table, type Column } from "../../kit/table.tsx";
import { t } from "../../messages/scheduler.ts";
import { paths } from "../../paths.ts";
import { NodeShape } from "./node-state.tsx";
import { nodeColumns } from "./nodes-columns.tsx";
import type { NodeSort } from "./nodes-view.ts";
import { useNodes } from "./use-nodes.ts";
import admin from "./admin.module.css";
import styles from "./nodes.module.css";

/** The machines that desktops run on. */
export function NodesPage(): JSX.Element {
  const list = useNodes();
  const navigate = useNavigate();
  const now = createNow(5_000);
  usePageTitle(() => t("nodes.title"));
  const sort = (by: NodeSort): Column<AdminNode>["sort"] => {
    const mine = (): boolean => list.view().sort === by;
    return {
      get order() {
        if (!mine()) return null;
        return list.view().descending ? ("descending" as const) : ("ascending" as const);
      },
      get text() {
        if (!mine()) return t("sort.unsorted");
        return list.view().descending ? t("admin.sortedDown") : t("admin.sortedUp");
      },
      toggle: () => list.toggleSort(by),
    };
  };
  const columns = createMemo(() => nodeColumns(now, sort));
  return (
    <div class={`${admin["page"]} ${admin["filtered"]} ${styles["list"]}`}>
      <div class={admin["head"]}>
        <h1 class={admin["title"]}>{t("nodes.title")}</h1>
        <SearchField
          label={t("admin.search")}
          placeholder={t("admin.search")}
          value={list.search()}
          onInput={list.setSearch}
          shortcut
        />
      </div>
      <Show when={list.all().length > 0}>
        <States list={list} />
      </Show>
      <Switch>
        <Match when={list.query.isError && list.all().length === 0}>
          <ErrorNotice
            error={list.query.error}
            doing="look"
            retry={() => void list.query.refetch()}
          />
        </Match>
        <Match when={list.query.isPending}>
          <Loading />
        </Match>
        <Match when={list.all().length === 0 && list.view().search === ""}>
          <p role="status">{t("nodes.none")}</p>
        </Match>
        <Match when={list.shown().length === 0}>
          <div class={admin["none"]} role="status">
            <p>{t("admin.noneFiltered")}</p>
            <Button onClick={() => list.clear()}>{t("admin.clearFilters")}</Button>
          </div>
        </Match>
        <Match when={list.shown().length > 0}>
          <Table
            label={t("nodes.title")}
            columns={columns()}
            rows={list.shown()}
            tight
            onOpen={(node) => navigate(paths.adminNode(node))}
          />
          <Foot list={list} />
        </Match>
      </Switch>
    </div>
  );
}

type List = ReturnType<typeof useNodes>;

/** How many are how: an overview, and a filter. */
function States(props: { readonly list: List }): JSX.Element {
  const option = (state: AdminNode["state"], count: number) => ({
    value: state as string,
    text: (
      <>
        <NodeShape state={state} />
        {t(`nodes.state.${state}`)} <span class={styles["count"]}>{count}</span>
      </>
    ),
  });
  const options = () => {
    const counts = props.list.counts();
    const wanted = props.list.view().state;
    const missing = wanted !== null && counts.every((it) => it.state !== wanted);
    return [
      {
        value: "",
        text: (
          <>
            {t("nodes.anyState")} <span class={styles["count"]}>{props.list.foundCount()}</span>
          </>
        ),
      },
      ...counts.map((it) => option(it.state, it.count)),
      ...(missing ? [option(wanted, 0)] : []),
    ];
  };
  return (
    <Segmented
      label={t("nodes.states")}
      value={props.list.view().state ?? ""}
      options={options()}
      onChange={props.list.setState}
    />
  );
}

function Foot(props: { readonly list: List }): JSX.Element {
  return (
    <div class={admin["foot"]} role="status">
      {t("admin.count", { count: props.list.shown().length + props.list.hidden() })}
      <Show when={props.list.hidden() > 0}>
        <Button size="small" onClick={props.list.showMore}>
          {t("nodes.more", { count: props.list.hidden() })}
        </Button>
      </Show>
      <Show when={props.list.cappedAt()}>
        {(count) => <span>{t("nodes.capped", { count: count() })}</span>}
      </Show>
    </div>
  );
}
