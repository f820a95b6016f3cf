import type { JSX } from "solid-js";
import styles from "./account.module.css";

/** A line of a description list. */
export function Fact(props: {
  readonly name: string;
  readonly children: JSX.Element;
}): JSX.Element {
  return (
    <div class={styles["fact"]}>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
