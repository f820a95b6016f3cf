import { A } from "@solidjs/router";
import type { JSX } from "solid-js";
import { usePageTitle } from "../components/page-title.ts";
import { buttonClass } from "../kit/button.tsx";
import { t } from "../messages/messages.ts";
import { paths } from "../paths.ts";
import styles from "./not-found.module.css";

export function NotFoundPage(): JSX.Element {
  usePageTitle(() => t("notFound.title"));
  return (
    <div class={styles["page"]}>
      <h1 class={styles["title"]}>{t("notFound.title")}</h1>
      <p>{t("notFound.text")}</p>
      <A class={buttonClass({ variant: "primary" })} href={paths.desktops()}>
        {t("viewer.back")}
      </A>
    </div>
  );
}
