import { createSignal, type JSX } from "solid-js";
import { listAllTokens, revokeAnyToken, type AdminToken } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { Moment, Until } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { AdminList } from "./admin-list.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

/** Everybody's access tokens that hold. */
export function TokensPage(): JSX.Element {
  const now = createNow(30_000);
  const list = useAdminList<AdminToken>("admin-tokens", listAllTokens, {
    sorts: ["-createdAt", "-lastUsedAt", "expiresAt", "person"],
  });
  const [revoking, setRevoking] = createSignal<AdminToken | null>(null);
  usePageTitle(() => t("nav.tokens"));
  const revoke = async (it: AdminToken): Promise<void> => {
    try {
      await revokeAnyToken(it.id);
      showToast({ tone: "info", title: t("tokens.revoked", { name: it.name }) });
    } catch (error) {
      toastRefusal(error);
    }
    await queryClient.invalidateQueries({ queryKey: ["admin-tokens"] });
  };
  const columns = (): Column<AdminToken>[] => [
    {
      head: t("tokens.name"),
      title: true,
      cell: (it) => <span class={styles["strong"]}>{it.name}</span>,
    },
    {
      head: t("adminTokens.person"),
      cell: (it) => (
        <span title={it.owner.displayName}>
          <code>{it.owner.username}</code>
        </span>
      ),
      sort: list.sortOf("person"),
    },
    {
      head: t("tokens.scopes"),
      cell: (it) => it.scopes.map((scope) => t(`scope.${scope}`)).join(", "),
    },
    {
      head: t("tokens.used"),
      cell: (it) =>
        it.lastUsedAt === null ? (
          <span class={styles["muted"]}>{t("tokens.never")}</span>
        ) : (
          <Moment at={it.lastUsedAt} now={now} />
        ),
      sort: list.sortOf("lastUsedAt"),
    },
    {
      head: t("tokens.made"),
      cell: (it) => <Moment at={it.createdAt} now={now} />,
      sort: list.sortOf("createdAt"),
    },
    {
      head: t("adminTokens.expires"),
      cell: (it) => <Until at={it.expiresAt} now={now} />,
      sort: list.sortOf("expiresAt"),
    },
    {
      head: t("users.actions"),
      actions: true,
      cell: (it) => (
        <Button
          size="small"
          variant="quiet"
          aria-label={t("adminTokens.revokeWhose", { name: it.name, person: it.owner.username })}
          onClick={() => setRevoking({ ...it })}
        >
          {t("tokens.revoke")}
        </Button>
      ),
    },
  ];
  return (
    <>
      <AdminList
        title={t("nav.tokens")}
        text={t("adminTokens.text")}
        none={t("adminTokens.none")}
        list={list}
        columns={columns()}
      />
      <Confirm
        open={revoking() !== null}
        onOpenChange={(open) => !open && setRevoking(null)}
        title={t("tokens.revokeTitle", { name: revoking()?.name ?? "" })}
        confirm={t("tokens.revoke")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const it = revoking();
          if (it !== null) void revoke(it);
        }}
      >
        <p>{t("adminTokens.whose", { person: revoking()?.owner.displayName ?? "" })}</p>
        <p>{t("tokens.revokeText")}</p>
      </Confirm>
    </>
  );
}
