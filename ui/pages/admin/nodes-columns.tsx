import { A } from "@solidjs/router";
import { For, Show, type Accessor, type JSX } from "solid-js";
import type { AdminNode } from "../../../gateway/node-schemas.ts";
import type { Column } from "../../kit/table.tsx";
import { UseBar } from "../../kit/use-bar.tsx";
import { numberFormat } from "../../messages/formats.ts";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/scheduler.ts";
import { paths } from "../../paths.ts";
import { ofBytes, ofNumbers } from "./amounts.ts";
import { NodeStateCell } from "./node-state.tsx";
import { labelText, type NodeSort } from "./nodes-view.ts";
import admin from "./admin.module.css";
import styles from "./nodes.module.css";

/** The columns of the list of nodes. `sort`: what the head of a column does. */
export function nodeColumns(
  now: Accessor<number>,
  sort: (by: NodeSort) => Column<AdminNode>["sort"],
): Column<AdminNode>[] {
  return [
    {
      head: t("nodes.name"),
      title: true,
      cell: (node) => (
        <A class={`${admin["link"]} ${styles["name"]}`} href={paths.adminNode(node)}>
          <code>{node.name}</code>
        </A>
      ),
      sort: sort("name"),
    },
    {
      head: t("nodes.state"),
      cell: (node) => <NodeStateCell node={node} now={now} />,
      sort: sort("state"),
    },
    {
      head: t("nodes.cpus"),
      cell: (node) => (
        <Use
          label={t("nodes.cpus")}
          used={node.allocated.cpus}
          total={node.capacity.cpus}
          text={ofNumbers(node.allocated.cpus, node.capacity.cpus)}
        />
      ),
      sort: sort("cpus"),
    },
    {
      head: t("nodes.memory"),
      cell: (node) => (
        <Use
          label={t("nodes.memory")}
          used={node.allocated.memoryBytes}
          total={node.capacity.memoryBytes}
          text={ofBytes(node.allocated.memoryBytes, node.capacity.memoryBytes)}
        />
      ),
      sort: sort("memory"),
    },
    {
      head: t("nodes.gpus"),
      cell: (node) => (
        <Use
          label={t("nodes.gpus")}
          used={node.allocated.gpus}
          total={node.capacity.gpus}
          text={ofNumbers(node.allocated.gpus, node.capacity.gpus)}
        />
      ),
      sort: sort("gpus"),
    },
    {
      head: t("nodes.gpuMemory"),
      cell: (node) => (
        <Use
          label={t("nodes.gpuMemory")}
          used={node.allocated.gpuMemoryBytes}
          total={node.capacity.gpuMemoryBytes}
          text={ofBytes(node.allocated.gpuMemoryBytes, node.capacity.gpuMemoryBytes)}
        />
      ),
      sort: sort("gpuMemory"),
    },
    {
      head: t("nodes.people"),
      end: true,
      cell: (node) => numberFormat(locale()).format(node.people),
      sort: sort("people"),
    },
    {
      head: t("nodes.instances"),
      end: true,
      cell: (node) => numberFormat(locale()).format(node.allocated.instances),
      sort: sort("instances"),
    },
    { head: t("nodes.images"), cell: (node) => <Images node={node} />, sort: sort("images") },
    { head: t("nodes.labels"), cell: (node) => <Labels node={node} /> },
  ];
}

function Use(props: {
  readonly label: string;
  readonly used: number;
  readonly total: number;
  readonly text: string;
}): JSX.Element {
  return (
    <Show
      when={props.total > 0 || props.used > 0}
      fallback={<span class={admin["muted"]}>{t("nodes.noneOfIt")}</span>}
    >
      <UseBar {...props} />
    </Show>
  );
}

function Images(props: { readonly node: AdminNode }): JSX.Element {
  const it = () => props.node.images;
  return (
    <span class={styles["images"]}>
      {numberFormat(locale()).format(it().present)}
      <Show when={it().pulling > 0}>
        <span class={admin["muted"]}>{t("nodes.imagesPulling", { count: it().pulling })}</span>
      </Show>
      <Show when={it().failed > 0}>
        <span class={styles["failed"]}>{t("nodes.imagesFailed", { count: it().failed })}</span>
      </Show>
    </span>
  );
}

/** So many stand in a row; all of them on the node's own page. */
const labelsShown = 1;

function Labels(props: { readonly node: AdminNode }): JSX.Element {
  const all = (): string[] => [
    ...(props.node.dedicatedTo === null
      ? []
      : [t("nodes.dedicated", { experiment: props.node.dedicatedTo.experiment })]),
    ...(props.node.gatheredFor === null
      ? []
      : [t("nodes.gathered", { who: props.node.gatheredFor.owner })]),
    // What an administrator said before what the node found.
    ...Object.entries(props.node.labels)
      .toSorted(([a], [b]) => Number(b in props.node.setLabels) - Number(a in props.node.setLabels))
      .map(([key, value]) => labelText(key, value)),
  ];
  return (
    <span class={styles["labels"]} title={all().join("\n")}>
      <For each={all().slice(0, labelsShown)}>
        {(text) => <span class={`${admin["label"]} ${styles["label"]}`}>{text}</span>}
      </For>
      <Show when={all().length > labelsShown}>
        <span class={admin["muted"]}>
          {t("nodes.moreLabels", { count: all().length - labelsShown })}
        </span>
      </Show>
    </span>
  );
}
