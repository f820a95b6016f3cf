import { A, useNavigate } from "@solidjs/router";
import { Show, type JSX } from "solid-js";
import { listAllEnvironments, type AdminEnvironment } from "../../api/admin-calls.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { StateShape } from "../../components/state-badge.tsx";
import type { Column } from "../../kit/table.tsx";
import { t } from "../../messages/admin.ts";
import { paths } from "../../paths.ts";
import { AdminList } from "./admin-list.tsx";
import { clamped } from "./clamped.tsx";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

/** What is in the catalogue, and what is not, with to whom it is open. */
export function EnvironmentsPage(): JSX.Element {
  const navigate = useNavigate();
  const list = useAdminList<AdminEnvironment>("admin-environments", listAllEnvironments);
  usePageTitle(() => t("nav.environments"));
  const columns = (): Column<AdminEnvironment>[] => [
    {
      head: t("users.displayName"),
      title: true,
      cell: (it) => (
        <A class={styles["link"]} href={paths.adminEnvironment(it)}>
          {it.name}
        </A>
      ),
    },
    {
      head: t("environments.slug"),
      cell: (it) => <code class={styles["wrap"]}>{it.slug}</code>,
      sort: list.sortOf("name"),
    },
    { head: t("environments.kind"), cell: (it) => t(`environments.kind.${it.kind}`) },
    { head: t("users.state"), cell: (it) => <EnabledWord enabled={it.enabled} /> },
    { head: t("environments.openTo"), cell: (it) => <OpenTo environment={it} /> },
    {
      head: t("environments.newest"),
      cell: (it) => clamped(it.versions[0]?.tag ?? null),
    },
    { head: t("environments.versions"), end: true, cell: (it) => it.versions.length },
  ];
  return (
    <AdminList
      title={t("nav.environments")}
      none={t("environments.none")}
      list={list}
      columns={columns()}
      onOpen={(it) => navigate(paths.adminEnvironment(it))}
    />
  );
}

export function EnabledWord(props: { readonly enabled: boolean }): JSX.Element {
  return (
    <span class={`${styles["word"]} ${props.enabled ? styles["good"] : styles["off"]}`}>
      <StateShape state={props.enabled ? "running" : "shelved"} />
      {props.enabled ? t("environments.enabled") : t("environments.disabled")}
    </span>
  );
}

/** In a few words; the environment's own page has the rest. */
function OpenTo(props: { readonly environment: AdminEnvironment }): JSX.Element {
  const me = useSignedIn();
  const all = () => props.environment.entitlements;
  return (
    <Show
      when={all().length > 0}
      fallback={
        <span class={styles["poor"]}>
          {me().roles.includes("admin")
            ? t("environments.nobody")
            : t("environments.nobodyOfYours")}
        </span>
      }
    >
      {all().some((it) => it.kind === "everyone")
        ? t("environments.everyone")
        : t("environments.subjects", { count: all().length })}
    </Show>
  );
}
