import { createSignal, type JSX } from "solid-js";
import { deleteGroup, listGroups, type Group } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { AdminList } from "./admin-list.tsx";
import { clamped } from "./clamped.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { GroupForm } from "./group-form.tsx";
import { People } from "./people.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { RowActions } from "./row-actions.tsx";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

/** Groups of people, to whom environments are opened together. */
export function GroupsPage(): JSX.Element {
  const list = useAdminList<Group>("admin-groups", listGroups);
  const [form, setForm] = createSignal<{ readonly of: Group | null } | null>(null);
  const [deleting, setDeleting] = createSignal<Group | null>(null);
  usePageTitle(() => t("nav.groups"));
  const edit = (it: Group) => setForm({ of: { ...it, members: [...it.members] } });
  const refresh = () => void queryClient.invalidateQueries({ queryKey: ["admin-groups"] });

  const remove = async (it: Group): Promise<void> => {
    try {
      await deleteGroup(it.id);
      showToast({ tone: "info", title: t("admin.deleted", { name: it.name }) });
    } catch (error) {
      toastRefusal(error);
    }
    refresh();
  };

  return (
    <>
      <AdminList
        title={t("nav.groups")}
        none={t("groups.none")}
        list={list}
        columns={columnsOf(list, edit, setDeleting)}
        onOpen={edit}
        action={
          <Button variant="primary" onClick={() => setForm({ of: null })}>
            {t("groups.add")}
          </Button>
        }
      />
      <FormDialog
        open={form() !== null}
        onClose={() => setForm(null)}
        title={
          form()?.of ? t("users.editTitle", { name: form()?.of?.name ?? "" }) : t("groups.addTitle")
        }
      >
        {(dialog) => (
          <GroupForm
            {...dialog}
            group={form()?.of ?? null}
            onSaved={(it, made) => {
              dialog.onDone();
              refresh();
              const said = made ? "admin.created" : "users.saved";
              showToast({ tone: "info", title: t(said, { name: it.name }) });
            }}
          />
        )}
      </FormDialog>
      <Confirm
        open={deleting() !== null}
        onOpenChange={(open) => !open && setDeleting(null)}
        title={t("groups.deleteTitle", { name: deleting()?.name ?? "" })}
        confirm={t("admin.delete")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const it = deleting();
          if (it !== null) void remove(it);
        }}
      >
        <p>{t("groups.deleteText", { count: deleting()?.members.length ?? 0 })}</p>
      </Confirm>
    </>
  );
}

function columnsOf(
  list: ReturnType<typeof useAdminList<Group>>,
  edit: (it: Group) => void,
  remove: (it: Group) => void,
): Column<Group>[] {
  return [
    {
      head: t("users.displayName"),
      title: true,
      cell: (it) => <code class={styles["strong"]}>{it.name}</code>,
      sort: list.sortOf("name"),
    },
    {
      head: t("groups.description"),
      cell: (it) => clamped(it.description),
    },
    {
      head: t("groups.members"),
      cell: (it) => <People names={it.members} none={t("beamlines.nobody")} />,
    },
    {
      head: t("groups.gid"),
      end: true,
      cell: (it) => (it.gid === null ? null : <code>{it.gid}</code>),
    },
    {
      head: t("users.actions"),
      actions: true,
      cell: (it) => (
        <RowActions name={it.name} onEdit={() => edit(it)} onDelete={() => remove(it)} />
      ),
    },
  ];
}
