import { createSignal, type JSX } from "solid-js";
import type { AdminUser } from "../../../gateway/admin-schemas.ts";
import { signOutUser } from "../../api/admin-calls.ts";
import { listUsers, patchUser } from "../../api/calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { AddUser } from "./add-user.tsx";
import { EditUser } from "./edit-user.tsx";
import { AdminList } from "./admin-list.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { useAdminList } from "./use-admin-list.ts";
import { userColumns, type UserActs } from "./user-columns.tsx";

const listKey = "users";

/** Who may sign in. */
export function UsersPage(): JSX.Element {
  const me = useSignedIn();
  const now = createNow(30_000);
  const list = useAdminList<AdminUser>(listKey, listUsers, {
    sorts: ["name", "-createdAt", "-lastSignInAt"],
  });
  const [adding, setAdding] = createSignal(false);
  const [editing, setEditing] = createSignal<AdminUser | null>(null);
  // A copy: the list's rows are a live view, and a refetch may make another person of one.
  const edit = (user: AdminUser) => setEditing({ ...user, roles: [...user.roles] });
  const [signingOut, setSigningOut] = createSignal<AdminUser | null>(null);
  const [disabling, setDisabling] = createSignal<AdminUser | null>(null);
  usePageTitle(() => t("users.title"));

  const setDisabled = async (user: AdminUser, disabled: boolean): Promise<void> => {
    try {
      await patchUser(user.id, { disabled });
      const state = disabled ? t("users.disabled") : t("users.enabled");
      showToast({ tone: "info", title: t("users.changed", { name: user.displayName, state }) });
    } catch (error) {
      toastRefusal(error);
    }
    await queryClient.invalidateQueries({ queryKey: [listKey] });
  };

  const signOut = async (user: AdminUser): Promise<void> => {
    try {
      await signOutUser(user.id);
      showToast({ tone: "info", title: t("adminUsers.signedOut", { name: user.displayName }) });
    } catch (error) {
      toastRefusal(error);
    }
  };
  const acts: UserActs = {
    edit,
    signOut: (user) => setSigningOut({ ...user }),
    toggleDisabled: (user) =>
      user.disabled ? void setDisabled(user, false) : setDisabling({ ...user }),
  };

  return (
    <>
      <AdminList
        title={t("users.title")}
        none={t("users.none")}
        list={list}
        columns={userColumns(list, me().id, now, acts)}
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
        open={signingOut() !== null}
        onOpenChange={(open) => !open && setSigningOut(null)}
        title={t("adminUsers.signOutTitle", { name: signingOut()?.displayName ?? "" })}
        confirm={t("account.signOut")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const user = signingOut();
          if (user !== null) void signOut(user);
        }}
      >
        <p>{t("adminUsers.signOutText")}</p>
      </Confirm>
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
