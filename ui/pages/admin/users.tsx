import { createSignal, type JSX } from "solid-js";
import type { AdminUser } from "../../../gateway/admin-schemas.ts";
import { listUsers, patchUser } from "../../api/calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { toastError } from "../../components/error-notice.tsx";
import { Moment } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { StateShape } from "../../components/state-badge.tsx";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/messages.ts";
import { AddUser } from "./add-user.tsx";
import { EditUser } from "./edit-user.tsx";
import { AdminList } from "./admin-list.tsx";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

const listKey = "users";

/** Who may sign in. */
export function UsersPage(): JSX.Element {
  const me = useSignedIn();
  const now = createNow(30_000);
  const list = useAdminList<AdminUser>(listKey, listUsers);
  const [adding, setAdding] = createSignal(false);
  const [editing, setEditing] = createSignal<AdminUser | null>(null);
  // A copy: the list's rows are a live view, and a refetch may make another person of one.
  const edit = (user: AdminUser) => setEditing({ ...user, roles: [...user.roles] });
  const [disabling, setDisabling] = createSignal<AdminUser | null>(null);
  usePageTitle(() => t("users.title"));

  const setDisabled = async (user: AdminUser, disabled: boolean): Promise<void> => {
    try {
      await patchUser(user.id, { disabled });
      const state = disabled ? t("users.disabled") : t("users.enabled");
      showToast({ tone: "info", title: t("users.changed", { name: user.displayName, state }) });
    } catch (error) {
      toastError(error, "administer");
    }
    await queryClient.invalidateQueries({ queryKey: [listKey] });
  };

  const columns = (): Column<AdminUser>[] => [
    {
      head: t("users.username"),
      title: true,
      cell: (user) => (
        <code class={user.disabled ? styles["off"] : styles["strong"]}>{user.username}</code>
      ),
      sort: {
        descending: list.descending(),
        text: list.descending() ? t("admin.sortedDown") : t("admin.sortedUp"),
        toggle: list.toggleSort,
      },
    },
    { head: t("users.displayName"), cell: (user) => user.displayName },
    { head: t("users.email"), cell: (user) => user.email },
    {
      head: t("users.roles"),
      cell: (user) => user.roles.map((role) => t(`role.${role}`)).join(", "),
    },
    {
      head: t("users.state"),
      cell: (user) => (
        <span class={`${styles["word"]} ${user.disabled ? styles["off"] : styles["good"]}`}>
          <StateShape state={user.disabled ? "shelved" : "running"} />
          {user.disabled ? t("users.disabled") : t("users.enabled")}
        </span>
      ),
    },
    {
      head: t("users.lastSignIn"),
      cell: (user) =>
        user.lastSignInAt === null ? (
          <span class={styles["muted"]}>{t("users.never")}</span>
        ) : (
          <Moment at={user.lastSignInAt} now={now} />
        ),
    },
    {
      head: t("users.uid"),
      end: true,
      cell: (user) => <code class={styles["muted"]}>{user.uid}</code>,
    },
    {
      head: t("users.actions"),
      actions: true,
      cell: (user) => (
        <>
          <Button
            size="small"
            variant="quiet"
            aria-label={t("users.editWho", { name: user.displayName })}
            onClick={() => edit(user)}
          >
            {t("users.edit")}
          </Button>
          <Button
            size="small"
            variant="quiet"
            aria-label={t(user.disabled ? "users.enableWho" : "users.disableWho", {
              name: user.displayName,
            })}
            disabledReason={user.id === me().id ? t("users.notYourself") : null}
            onClick={() => (user.disabled ? void setDisabled(user, false) : setDisabling(user))}
          >
            {user.disabled ? t("users.enable") : t("users.disable")}
          </Button>
        </>
      ),
    },
  ];

  return (
    <>
      <AdminList
        title={t("users.title")}
        none={t("users.none")}
        list={list}
        columns={columns()}
        onOpen={edit}
        action={
          <Button variant="primary" onClick={() => setAdding(true)}>
            {t("users.add")}
          </Button>
        }
      />
      <AddUser
        open={adding()}
        onOpenChange={setAdding}
        onAdded={() => void queryClient.invalidateQueries({ queryKey: [listKey] })}
      />
      <EditUser
        user={editing()}
        own={editing()?.id === me().id}
        onClose={() => setEditing(null)}
        onChanged={() => void queryClient.invalidateQueries({ queryKey: [listKey] })}
      />
      <Confirm
        open={disabling() !== null}
        onOpenChange={(open) => !open && setDisabling(null)}
        title={t("users.disableTitle", { name: disabling()?.displayName ?? "" })}
        confirm={t("users.disable")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const user = disabling();
          if (user !== null) void setDisabled(user, true);
        }}
      >
        <p>{t("users.disableText")}</p>
      </Confirm>
    </>
  );
}
