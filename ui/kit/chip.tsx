import X from "lucide-solid/icons/x";
import type { JSX } from "solid-js";
import styles from "./chip.module.css";

/** A short text of its own that is only shown. */
export function PlainChip(props: { readonly children: JSX.Element }): JSX.Element {
  return <span class={`${styles["chip"]} ${styles["plain"]}`}>{props.children}</span>;
}

interface ChipProps {
  readonly text: string;
  /** What its two buttons do, with what they do it to. */
  readonly edit: string;
  readonly remove: string;
  readonly wrong?: boolean | undefined;
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}

/** A short text that can be changed, with a press on it, and taken away. */
export function Chip(props: ChipProps): JSX.Element {
  return (
    <span class={`${styles["chip"]} ${props.wrong === true ? styles["wrong"] : ""}`}>
      <button
        type="button"
        class={styles["text"]}
        title={props.edit}
        aria-label={props.edit}
        onClick={() => props.onEdit()}
      >
        {props.text}
      </button>
      <button type="button" aria-label={props.remove} onClick={() => props.onRemove()}>
        <X size={14} aria-hidden="true" />
      </button>
    </span>
  );
}
