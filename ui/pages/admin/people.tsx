import { Show, type JSX } from "solid-js";
import { t } from "../../messages/admin.ts";
import styles from "./admin.module.css";

/** So many are named in a row of a table. */
const named = 3;

/** People by user name; of many the first, and how many more there are. */
export function People(props: {
  readonly names: readonly string[];
  readonly none: string;
}): JSX.Element {
  const more = (): number => props.names.length - named;
  return (
    <Show
      when={props.names.length > 0}
      fallback={<span class={styles["muted"]}>{props.none}</span>}
    >
      <span>
        {props.names.slice(0, named).join(", ")}
        <Show when={more() > 0}>
          <span class={styles["muted"]}> {t("people.more", { count: more() })}</span>
        </Show>
      </span>
    </Show>
  );
}
