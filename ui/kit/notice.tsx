import CircleAlert from "lucide-solid/icons/circle-alert";
import Info from "lucide-solid/icons/info";
import TriangleAlert from "lucide-solid/icons/triangle-alert";
import { children, For, Match, Show, Switch, type JSX } from "solid-js";
import styles from "./notice.module.css";

export type Tone = "info" | "attention" | "error";

interface NoticeProps {
  readonly tone: Tone;
  readonly title: string;
  readonly lines?: readonly (string | null)[] | undefined;
  /** A last line in small print, an id for example. */
  readonly small?: string | null | undefined;
  readonly actions?: JSX.Element;
  /** A control at the upper end, such as Dismiss. */
  readonly end?: JSX.Element;
  /** Read out as soon as it appears. */
  readonly urgent?: boolean | undefined;
}

/** A box that says something that matters: what happened, what is safe, what to do. */
export function Notice(props: NoticeProps): JSX.Element {
  const actions = children(() => props.actions);
  return (
    <div
      class={`${styles["notice"]} ${styles[props.tone]}`}
      role={props.urgent === true ? "alert" : undefined}
    >
      <span class={styles["icon"]} aria-hidden="true">
        <Switch>
          <Match when={props.tone === "info"}>
            <Info size={18} />
          </Match>
          <Match when={props.tone === "attention"}>
            <TriangleAlert size={18} />
          </Match>
          <Match when={props.tone === "error"}>
            <CircleAlert size={18} />
          </Match>
        </Switch>
      </span>
      <div class={styles["text"]}>
        <p class={styles["title"]}>{props.title}</p>
        <For each={props.lines?.filter((line) => line !== null)}>{(line) => <p>{line}</p>}</For>
        <Show when={props.small}>{(text) => <p class={styles["small"]}>{text()}</p>}</Show>
        <Show when={actions()}>
          <div class={styles["actions"]}>{actions()}</div>
        </Show>
      </div>
      {props.end}
    </div>
  );
}
