import { useParams } from "@solidjs/router";
import { createSignal, Show, type JSX } from "solid-js";
import { keys, queryClient } from "../../api/query-client.ts";
import { getNode, type NodeDetail } from "../../api/scheduler-calls.ts";
import { useQuery } from "../../api/use-query.ts";
import { Moment } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { t } from "../../messages/scheduler.ts";
import { paths } from "../../paths.ts";
import { bytesText } from "./amounts.ts";
import { Fact } from "./fact.tsx";
import { NodeCapacity } from "./node-capacity.tsx";
import { NodeEvents } from "./node-events.tsx";
import { NodeGpus } from "./node-gpus.tsx";
import { NodeControls } from "./node-controls.tsx";
import { NodeImages } from "./node-images.tsx";
import { NodeLabels } from "./node-labels.tsx";
import { NodeNotices } from "./node-notices.tsx";
import { NodeUse } from "./node-use.tsx";
import { NodeWord } from "./node-state.tsx";
import { OnePage } from "./one-page.tsx";
import { When } from "./when.tsx";
import admin from "./admin.module.css";
import styles from "./node.module.css";

/** One node: what it has, who holds it, and what an administrator may say about it. */
export function NodePage(): JSX.Element {
  const { id = "" } = useParams<{ id: string }>();
  const query = useQuery(
    () => ({
      queryKey: keys.node(id),
      queryFn: ({ signal }) => getNode(id, signal),
      refetchInterval: 5_000,
    }),
    "id",
  );
  const changed = (node: NodeDetail): void => {
    queryClient.setQueryData(keys.node(id), node);
    void queryClient.invalidateQueries({ queryKey: ["nodes"] });
  };
  const now = createNow(5_000);
  // The one desktop that is looked at, in whichever bar or table.
  const [at, setAt] = createSignal<string | null>(null);
  usePageTitle(() => query.data?.name ?? t("nodes.title"));
  return (
    <OnePage query={query} back={paths.adminNodes()} backText={t("nodes.back")}>
      {(node) => (
        <>
          <div class={admin["bar"]}>
            <h1 class={`${admin["title"]} ${styles["title"]}`}>
              <code>{node().name}</code>
              <span class={styles["word"]}>
                <NodeWord state={node().state} />
              </span>
            </h1>
            <NodeControls node={node()} onChanged={changed} />
          </div>
          <NodeNotices node={node()} now={now} />
          <NodeCapacity node={node()} now={now} at={at()} onAt={setAt} />
          <NodeGpus node={node()} at={at()} onAt={setAt} onChanged={changed} />
          <NodeLabels node={node()} onChanged={changed} />
          <NodeUse node={node()} />
          <NodeImages node={node()} now={now} />
          <NodeEvents node={node()} now={now} />
          <About node={node()} now={now} />
        </>
      )}
    </OnePage>
  );
}

function About(props: { readonly node: NodeDetail; readonly now: () => number }): JSX.Element {
  return (
    <dl class={admin["facts"]}>
      <Fact name={t("nodes.lastSeen")}>
        <Show when={props.node.lastSeenAt} fallback={t("nodes.never")}>
          {(at) => <Moment at={at()} now={props.now} />}
        </Show>
      </Fact>
      <Show when={props.node.disk}>
        {(disk) => (
          <Fact name={t("node.disk")}>
            {t("node.diskText", {
              free: bytesText(disk().freeBytes),
              total: bytesText(disk().totalBytes),
            })}
          </Fact>
        )}
      </Show>
      <Fact name={t("node.registered")}>
        <When at={props.node.createdAt} />
      </Fact>
      <Fact name={t("node.id")}>
        <code>{props.node.id}</code>
      </Fact>
    </dl>
  );
}
