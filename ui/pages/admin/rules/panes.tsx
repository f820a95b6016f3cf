import { createUniqueId, For, Show, type JSX } from "solid-js";
import { createMedia } from "../../../components/media.ts";
import { t } from "../../../messages/rules.ts";
import styles from "./rules.module.css";

const names = ["list", "rule", "preview"] as const;
export type PaneName = (typeof names)[number];

interface PanesProps {
  readonly shown: PaneName;
  readonly onShow: (pane: PaneName) => void;
  readonly texts: Readonly<Record<PaneName, string>>;
  readonly list: JSX.Element;
  readonly rule: JSX.Element;
  readonly preview: JSX.Element;
}

/** Three things side by side; where there is no room for that, one after the other. */
export function Panes(props: PanesProps): JSX.Element {
  const id = createUniqueId();
  // As in rules.module.css.
  const wide = createMedia("(min-width: 68.75em)");
  const go = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    const next = names[(names.indexOf(props.shown) + by + names.length) % names.length] ?? "list";
    props.onShow(next);
    document.getElementById(`${id}-${next}-tab`)?.focus();
    event.preventDefault();
  };
  const pane = (name: PaneName): JSX.HTMLAttributes<HTMLDivElement> => ({
    id: `${id}-${name}`,
    get role() {
      return wide() ? "group" : "tabpanel";
    },
    get "aria-label"() {
      return wide() ? props.texts[name] : undefined;
    },
    get "aria-labelledby"() {
      return wide() ? undefined : `${id}-${name}-tab`;
    },
    get hidden() {
      return !wide() && props.shown !== name;
    },
  });
  return (
    <div class={styles["frame"]}>
      <h1 class="visually-hidden">{t("rules.title")}</h1>
      <Show when={!wide()}>
        <div class={styles["tabs"]} role="tablist" aria-label={t("rules.title")}>
          <For each={names}>
            {(name) => (
              <button
                type="button"
                role="tab"
                id={`${id}-${name}-tab`}
                class={styles["tab"]}
                aria-selected={props.shown === name}
                aria-controls={`${id}-${name}`}
                tabIndex={props.shown === name ? 0 : -1}
                onClick={() => props.onShow(name)}
                onKeyDown={go}
              >
                {props.texts[name]}
              </button>
            )}
          </For>
        </div>
      </Show>
      <div {...pane("list")} class={`${styles["pane"]} ${styles["list"]}`}>
        {props.list}
      </div>
      <div {...pane("rule")} class={styles["pane"]}>
        {props.rule}
      </div>
      <div {...pane("preview")} class={`${styles["pane"]} ${styles["preview"]}`}>
        {props.preview}
      </div>
    </div>
  );
}
