import { For, Show, type JSX } from "solid-js";
import type { AdminNode } from "../../../gateway/scheduler-schemas.ts";
import { listNodes, patchNode } from "../../api/calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { toastError } from "../../components/error-notice.tsx";
import { Moment } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { sentence } from "../../components/reason.ts";
import { StateShape } from "../../components/state-badge.tsx";
import { formatBytes } from "../../components/time.ts";
import { Switch } from "../../kit/switch.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { locale, t } from "../../messages/messages.ts";
import { AdminList } from "./admin-list.tsx";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

const listKey = "nodes";

/** The machines that desktops run on. */
export function NodesPage(): JSX.Element {
  const now = createNow(5_000);
  const list = useAdminList<AdminNode>(listKey, listNodes);
  usePageTitle(() => t("nodes.title"));

  const setSchedulable = async (node: AdminNode, schedulable: boolean): Promise<void> => {
    try {
      await patchNode(node.id, { schedulable });
      const title = schedulable
        ? t("nodes.changedOn", { name: node.name })
        : t("nodes.changedOff", { name: node.name });
      showToast({ tone: "info", title });
    } catch (error) {
      toastError(error, "administer");
    }
    await queryClient.invalidateQueries({ queryKey: [listKey] });
  };

  const columns = (): Column<AdminNode>[] => [
    {
      head: t("nodes.name"),
      title: true,
      cell: (node) => <code class={styles["strong"]}>{node.name}</code>,
      sort: {
        descending: list.descending(),
        text: list.descending() ? t("admin.sortedDown") : t("admin.sortedUp"),
        toggle: list.toggleSort,
      },
    },
    { head: t("nodes.state"), cell: (node) => <NodeState node={node} /> },
    { head: t("nodes.labels"), cell: (node) => <Labels labels={node.labels} /> },
    {
      head: t("nodes.cpus"),
      cell: (node) => (
        <Use
          label={t("nodes.cpus")}
          used={node.allocated.cpus}
          total={node.capacity.cpus}
          text={t("nodes.ofCapacity", {
            used: node.allocated.cpus,
            total: node.capacity.cpus.toLocaleString(locale()),
          })}
        />
      ),
    },
    {
      head: t("nodes.memory"),
      cell: (node) => (
        <Use
          label={t("nodes.memory")}
          used={node.allocated.memoryBytes}
          total={node.capacity.memoryBytes}
          text={t("nodes.ofCapacity", {
            used: (node.allocated.memoryBytes / 2 ** 30).toLocaleString(locale(), {
              maximumFractionDigits: 1,
            }),
            total: formatBytes(node.capacity.memoryBytes, locale()),
          })}
        />
      ),
    },
    {
      head: t("nodes.instances"),
      end: true,
      cell: (node) => node.allocated.instances.toLocaleString(locale()),
    },
    {
      head: t("nodes.lastSeen"),
      cell: (node) =>
        node.lastSeenAt === null ? (
          <span class={styles["muted"]}>{t("nodes.never")}</span>
        ) : (
          <Moment at={node.lastSeenAt} now={now} />
        ),
    },
    {
      head: t("nodes.schedulable"),
      cell: (node) => (
        <Switch
          label={t("nodes.schedulableWho", { name: node.name })}
          checked={node.schedulable}
          onChange={(on) => void setSchedulable(node, on)}
        />
      ),
    },
  ];

  return (
    <AdminList title={t("nodes.title")} none={t("nodes.none")} list={list} columns={columns()} />
  );
}

function NodeState(props: { readonly node: AdminNode }): JSX.Element {
  const ready = (): boolean => props.node.state === "ready";
  return (
    <span class={`${styles["state"]} ${ready() ? styles["good"] : styles["poor"]}`}>
      <span class={styles["word"]}>
        <StateShape state={ready() ? "running" : "lost"} />
        {ready() ? t("nodes.ready") : t("nodes.notReady")}
      </span>
      <Show when={props.node.reason}>
        {(reason) => <span class={styles["muted"]}>{reasonOf(reason())}</span>}
      </Show>
    </span>
  );
}

function reasonOf({ code, text }: NonNullable<AdminNode["reason"]>): string {
  switch (code) {
    case "node_never_seen":
    case "node_silent":
    case "engine_unreachable":
      return t(`nodes.reason.${code}`);
    default:
      return sentence(text);
  }
}

function Labels(props: { readonly labels: Readonly<Record<string, string>> }): JSX.Element {
  return (
    <span class={styles["labels"]}>
      <For each={Object.entries(props.labels)}>
        {([name, value]) => (
          <span class={styles["label"]}>{value === "" ? name : `${name}=${value}`}</span>
        )}
      </For>
    </span>
  );
}

function Use(props: {
  readonly label: string;
  readonly used: number;
  readonly total: number;
  readonly text: string;
}): JSX.Element {
  return (
    <span class={styles["use"]}>
      <progress aria-label={props.label} max={props.total} value={props.used} />
      {props.text}
    </span>
  );
}
