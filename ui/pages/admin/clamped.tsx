import type { JSX } from "solid-js";
import styles from "./admin.module.css";

/** A text that may be long, in a row of a table; nothing at all where there is none. */
export function clamped(text: string | null, width: "usual" | "narrow" = "usual"): JSX.Element {
  if (text === null || text === "") return null;
  return (
    <span class={`${styles["clamp"]} ${width === "narrow" ? styles["narrow"] : ""}`}>{text}</span>
  );
}
