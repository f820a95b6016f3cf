import { createSignal, type JSX } from "solid-js";
import { deleteProvider, listAdminProviders, type Provider } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { AdminList } from "./admin-list.tsx";
import { EnabledWord } from "./environments.tsx";
import { clamped } from "./clamped.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { ProviderForm } from "./provider-form.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { RowActions } from "./row-actions.tsx";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

/** The providers with which people sign in, and what their claims give. */
export function ProvidersPage(): JSX.Element {
  const list = useAdminList<Provider>("admin-providers", listAdminProviders);
  const [form, setForm] = createSignal<{ readonly of: Provider | null } | null>(null);
  const [deleting, setDeleting] = createSignal<Provider | null>(null);
  usePageTitle(() => t("nav.providers"));
  const edit = (it: Provider) => setForm({ of: structuredClone(it) });
  const refresh = () => void queryClient.invalidateQueries({ queryKey: ["admin-providers"] });
  const remove = async (it: Provider): Promise<void> => {
    try {
      await deleteProvider(it.id);
      showToast({ tone: "info", title: t("admin.deleted", { name: it.name }) });
    } catch (error) {
      toastRefusal(error);
    }
    refresh();
  };
  return (
    <>
      <AdminList
        title={t("nav.providers")}
        text={t("providers.text")}
        none={t("providers.none")}
        list={list}
        columns={columns(list, edit, setDeleting)}
        onOpen={edit}
        action={
          <Button variant="primary" onClick={() => setForm({ of: null })}>
            {t("providers.add")}
          </Button>
        }
      />
      <FormDialog
        open={form() !== null}
        onClose={() => setForm(null)}
        title={
          form()?.of
            ? t("users.editTitle", { name: form()?.of?.name ?? "" })
            : t("providers.addTitle")
        }
        wide
      >
        {(dialog) => (
          <ProviderForm
            {...dialog}
            provider={form()?.of ?? null}
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
        title={t("providers.deleteTitle", { name: deleting()?.name ?? "" })}
        confirm={t("admin.delete")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const it = deleting();
          if (it !== null) void remove(it);
        }}
      >
        <p>{t("providers.deleteText", { count: deleting()?.people ?? 0 })}</p>
      </Confirm>
    </>
  );
}

function columns(
  list: ReturnType<typeof useAdminList<Provider>>,
  edit: (it: Provider) => void,
  remove: (it: Provider) => void,
): Column<Provider>[] {
  return [
    {
      head: t("users.displayName"),
      title: true,
      cell: (it) => <span class={styles["strong"]}>{it.name}</span>,
    },
    {
      head: t("environments.slug"),
      cell: (it) => <code>{it.slug}</code>,
      sort: list.sortOf("name"),
    },
    {
      head: t("providers.issuer"),
      cell: (it) => clamped(it.issuer),
    },
    { head: t("users.state"), cell: (it) => <EnabledWord enabled={it.enabled} /> },
    { head: t("providers.rules"), end: true, cell: (it) => it.rules.length },
    { head: t("providers.people"), end: true, cell: (it) => it.people },
    {
      head: t("users.actions"),
      actions: true,
      cell: (it) => (
        <RowActions name={it.name} onEdit={() => edit(it)} onDelete={() => remove(it)} />
      ),
    },
  ];
}
