import { useSearchParams } from "@solidjs/router";
import type { JSX } from "solid-js";
import { usePageTitle } from "../../components/page-title.ts";
import { t } from "../../messages/admin.ts";
import { MayStartCheck } from "./may-start-check.tsx";
import styles from "./admin.module.css";

/** Why someone may start something, or not; the question is in the address. */
export function MayStartPage(): JSX.Element {
  const [parameters, setParameters] = useSearchParams<Record<string, string>>();
  usePageTitle(() => t("mayStart.title"));
  return (
    <div class={styles["page"]}>
      <h1 class={styles["title"]}>{t("mayStart.title")}</h1>
      <p class={styles["muted"]}>{t("mayStart.text")}</p>
      <MayStartCheck
        user={parameters["user"] ?? ""}
        environment={parameters["environment"] ?? ""}
        experiment={parameters["experiment"] ?? ""}
        onAsked={(question) => setParameters({ ...question }, { replace: true })}
      />
    </div>
  );
}
