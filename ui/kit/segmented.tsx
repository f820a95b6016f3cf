import { For, type JSX } from "solid-js";
import styles from "./segmented.module.css";

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly text: JSX.Element }[];
  readonly onChange: (value: T) => void;
}

/** One of a few that all stay in sight. */
export function Segmented<T extends string>(props: SegmentedProps<T>): JSX.Element {
  return (
    <div class={styles["group"]} role="group" aria-label={props.label}>
      <For each={props.options}>
        {(option) => (
          <button
            type="button"
            class={styles["choice"]}
            aria-pressed={option.value === props.value}
            onClick={() => props.onChange(option.value)}
          >
            {option.text}
          </button>
        )}
      </For>
    </div>
  );
}
