import type { JSX } from "solid-js";
import { HomeLink } from "../components/home-link.tsx";
import { usePageTitle } from "../components/page-title.ts";
import { t } from "../messages/messages.ts";
import styles from "./not-found.module.css";

export function NotFoundPage(): JSX.Element {
  usePageTitle(() => t("notFound.title"));
  return (
    <div class={styles["page"]}>
      <h1 class={styles["title"]}>{t("notFound.title")}</h1>
      <p>{t("notFound.text")}</p>
      <HomeLink variant="primary" />
    </div>
  );
}
