import type { JSX } from "solid-js";
import styles from "./use-bar.module.css";

interface UseBarProps {
  /** Of what: for those who do not see the column's head. */
  readonly label: string;
  readonly used: number;
  readonly total: number;
  /** Both figures in the reader's words. */
  readonly text: string;
}

/** How much of something is taken: a thin bar, and its figures beside it. */
export function UseBar(props: UseBarProps): JSX.Element {
  const share = (): number => Math.min(1, props.used / Math.max(props.total, Number.EPSILON));
  return (
    <span class={`${styles["use"]} ${props.used > props.total ? styles["over"] : ""}`}>
      <span
        class={styles["track"]}
        role="meter"
        aria-label={props.label}
        aria-valuemin={0}
        aria-valuemax={props.total}
        aria-valuenow={Math.min(props.used, props.total)}
        aria-valuetext={props.text}
      >
        <span class={styles["fill"]} style={{ display: "block", width: `${share() * 100}%` }} />
      </span>
      <span class={styles["text"]} aria-hidden="true">
        {props.text}
      </span>
    </span>
  );
}
