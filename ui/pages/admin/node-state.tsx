import { Match, Show, Switch, type Accessor, type JSX } from "solid-js";
import type { AdminNode } from "../../../gateway/node-schemas.ts";
import { sentence } from "../../components/reason.ts";
import { formatRelative } from "../../components/time.ts";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/scheduler.ts";
import styles from "./nodes.module.css";

type NodeState = AdminNode["state"];

const tones: Record<NodeState, string> = {
  ready: "good",
  not_ready: "poor",
  unschedulable: "held",
  draining: "held",
  lost: "bad",
};

/** A node's state as a word, a colour and a shape. */
export function NodeWord(props: { readonly state: NodeState }): JSX.Element {
  return (
    <span class={`${styles["word"]} ${styles[tones[props.state]]}`} data-state={props.state}>
      <NodeShape state={props.state} />
      {t(`nodes.state.${props.state}`)}
    </span>
  );
}

/** One shape per state, readable without its colour. */
export function NodeShape(props: { readonly state: NodeState }): JSX.Element {
  return (
    <svg
      class={styles["shape"]}
      viewBox="0 0 10 10"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
    >
      <Switch>
        <Match when={props.state === "ready"}>
          <circle cx="5" cy="5" r="4" fill="currentColor" stroke="none" />
        </Match>
        <Match when={props.state === "not_ready"}>
          <path d="M5 1.2 9.2 8.6H.8z" stroke-width="1.3" stroke-linejoin="round" />
          <path d="M5 4v2" stroke-width="1.2" stroke-linecap="round" />
        </Match>
        <Match when={props.state === "unschedulable"}>
          <circle cx="5" cy="5" r="4" stroke-width="1.4" />
          <path d="M2.8 5h4.4" stroke-width="1.4" stroke-linecap="round" />
        </Match>
        <Match when={props.state === "draining"}>
          <path
            d="M5 .8v5.4M2.4 4 5 6.6 7.6 4"
            stroke-width="1.4"
            stroke-linecap="round"
            stroke-linejoin="round"
          />
          <path d="M1 9.2h8" stroke-width="1.4" stroke-linecap="round" />
        </Match>
        <Match when={props.state === "lost"}>
          <path d="M2 2l6 6M8 2l-6 6" stroke-width="2" stroke-linecap="round" />
        </Match>
      </Switch>
    </svg>
  );
}

/** Who keeps new desktops away and why, or what is wrong; null where nothing is. `nowMs`: the server's time. */
export function whyNode(node: AdminNode, nowMs: number): string | null {
  if (node.hold !== null && (node.state === "draining" || node.state === "unschedulable")) {
    const who = node.hold.by ?? t("nodes.somebody");
    const { reason } = node.hold;
    return reason === null || reason === ""
      ? t("nodes.heldPlain", { who })
      : t("nodes.held", { who, reason });
  }
  if (node.state === "lost" && node.lastSeenAt !== null) {
    const seen = Math.min(Date.parse(node.lastSeenAt), nowMs);
    return t("nodes.heardOf", { ago: formatRelative(seen, nowMs, locale()) });
  }
  return node.reason === null ? null : nodeReason(node.reason);
}

/** What is wrong with a node, in the reader's language where the code says all of it. */
export function nodeReason({ code, text }: NonNullable<AdminNode["reason"]>): string {
  switch (code) {
    case "node_never_seen":
    case "node_silent":
    case "node_lost":
    case "engine_unreachable":
      return t(`nodes.reason.${code}`);
    default:
      return sentence(text);
  }
}

/** The state with its why in one line, for a row. */
export function NodeStateCell(props: {
  readonly node: AdminNode;
  readonly now: Accessor<number>;
}): JSX.Element {
  return (
    <span class={styles["state"]}>
      <NodeWord state={props.node.state} />
      <Show when={whyNode(props.node, props.now())}>
        {(why) => (
          <span class={styles["why"]} title={why()}>
            {why()}
          </span>
        )}
      </Show>
    </span>
  );
}
