import ChevronDown from "lucide-solid/icons/chevron-down";
import { For, type JSX } from "solid-js";
import styles from "./select.module.css";

interface SelectProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly text: string }[];
  readonly onChange: (value: T) => void;
}

/** One of a few, by the browser's own list: on a phone nothing is handier. */
export function Select<T extends string>(props: SelectProps<T>): JSX.Element {
  return (
    <span class={styles["wrap"]}>
      <select
        class={styles["select"]}
        aria-label={props.label}
        onChange={(event) => {
          const option = props.options[event.currentTarget.selectedIndex];
          if (option !== undefined) props.onChange(option.value);
        }}
      >
        <For each={props.options}>
          {(option) => (
            <option value={option.value} selected={option.value === props.value}>
              {option.text}
            </option>
          )}
        </For>
      </select>
      <ChevronDown size={16} aria-hidden="true" />
    </span>
  );
}
