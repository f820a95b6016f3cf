import type { JSX } from "solid-js";
import styles from "./switch.module.css";

/** On or off, at once. */
export function Switch(props: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}): JSX.Element {
  return (
    <button
      type="button"
      role="switch"
      class={styles["switch"]}
      aria-checked={props.checked}
      aria-label={props.label}
      onClick={() => props.onChange(!props.checked)}
    >
      <span class={styles["track"]} aria-hidden="true">
        <span class={styles["knob"]} />
      </span>
    </button>
  );
}
