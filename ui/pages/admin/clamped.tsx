import type { JSX } from "solid-js";
import styles from "./admin.module.css";

/** A text that may be long, in a row of a table; nothing at all where there is none. */
export function clamped(text: string | null): JSX.Element {
  return text === null || text === "" ? null : <span class={styles["clamp"]}>{text}</span>;
}
