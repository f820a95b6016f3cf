import type { JSX } from "solid-js";
import { t } from "../messages/messages.ts";
import styles from "./loading.module.css";

/** Seen only where loading takes long enough to wonder about. */
export function Loading(): JSX.Element {
  return (
    <p class={styles["late"]} role="status">
      {t("app.loading")}
    </p>
  );
}
