import type { JSX } from "solid-js";
import { t } from "../messages/messages.ts";
import styles from "./logo.module.css";

export function Logo(): JSX.Element {
  return (
    <span class={styles["logo"]}>
      <svg class={styles["mark"]} viewBox="0 0 32 32" aria-hidden="true">
        <rect class={styles["ground"]} width="32" height="32" rx="8" />
        <path class={styles["beam"]} d="M7 25C9 14 15 8 25 7v7c-6 1-9 5-10 11z" />
      </svg>
      {t("app.name")}
    </span>
  );
}
