import { A } from "@solidjs/router";
import { createSignal, Show, type JSX } from "solid-js";
import { deleteBeamline, listBeamlines, type Beamline } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { paths } from "../../paths.ts";
import { AdminList } from "./admin-list.tsx";
import { BeamlineForm } from "./beamline-form.tsx";
import { clamped } from "./clamped.tsx";
import { FormDialog } from "./form-dialog.tsx";
import { People } from "./people.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { RowActions } from "./row-actions.tsx";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

/** The beamlines; administrators change them, staff see their own. */
export function BeamlinesPage(): JSX.Element {
  const me = useSignedIn();
  const isAdmin = (): boolean => me().roles.includes("admin");
  const list = useAdminList<Beamline>("admin-beamlines", listBeamlines);
  const [form, setForm] = createSignal<{ readonly of: Beamline | null } | null>(null);
  const [deleting, setDeleting] = createSignal<Beamline | null>(null);
  usePageTitle(() => t("nav.beamlines"));
  const edit = (it: Beamline) => setForm({ of: { ...it, staff: [...it.staff] } });
  const refresh = () => void queryClient.invalidateQueries({ queryKey: ["admin-beamlines"] });

  const remove = async (it: Beamline): Promise<void> => {
    try {
      await deleteBeamline(it.id);
      showToast({ tone: "info", title: t("admin.deleted", { name: it.code }) });
    } catch (error) {
      toastRefusal(error);
    }
    refresh();
  };
  const columns = (): Column<Beamline>[] => [
    ...plainColumns(list),
    ...(isAdmin() ? [actions(edit, setDeleting)] : []),
  ];

  return (
    <>
      <AdminList
        title={t("nav.beamlines")}
        none={isAdmin() ? t("beamlines.none") : t("beamlines.noneOfYours")}
        list={list}
        columns={columns()}
        onOpen={isAdmin() ? edit : undefined}
        action={
          <Show when={isAdmin()}>
            <Button variant="primary" onClick={() => setForm({ of: null })}>
              {t("beamlines.add")}
            </Button>
          </Show>
        }
      />
      <FormDialog
        open={form() !== null}
        onClose={() => setForm(null)}
        title={
          form()?.of
            ? t("users.editTitle", { name: form()?.of?.code ?? "" })
            : t("beamlines.addTitle")
        }
      >
        {(dialog) => (
          <BeamlineForm
            {...dialog}
            beamline={form()?.of ?? null}
            onSaved={(it, made) => {
              dialog.onDone();
              refresh();
              const said = made ? "admin.created" : "users.saved";
              showToast({ tone: "info", title: t(said, { name: it.code }) });
            }}
          />
        )}
      </FormDialog>
      <Confirm
        open={deleting() !== null}
        onOpenChange={(open) => !open && setDeleting(null)}
        title={t("beamlines.deleteTitle", { code: deleting()?.code ?? "" })}
        confirm={t("admin.delete")}
        cancel={t("app.cancel")}
        danger
        onConfirm={() => {
          const it = deleting();
          if (it !== null) void remove(it);
        }}
      >
        <p>{t("beamlines.deleteText")}</p>
      </Confirm>
    </>
  );
}

function plainColumns(list: ReturnType<typeof useAdminList<Beamline>>): Column<Beamline>[] {
  return [
    {
      head: t("beamlines.code"),
      title: true,
      cell: (it) => <span class={styles["strong"]}>{it.code}</span>,
      sort: list.sortOf("name"),
    },
    { head: t("users.displayName"), cell: (it) => clamped(it.name) },
    {
      head: t("beamlines.staff"),
      cell: (it) => <People names={it.staff} none={t("beamlines.nobody")} />,
    },
    {
      head: t("nav.experiments"),
      end: true,
      cell: (it) => (
        <A
          class={`${styles["link"]} ${styles["figure"]}`}
          href={paths.adminExperiments({ beamline: it.code })}
          aria-label={t("beamlines.experimentsOf", { count: it.experiments, code: it.code })}
        >
          {it.experiments}
        </A>
      ),
    },
  ];
}

function actions(edit: (it: Beamline) => void, remove: (it: Beamline) => void): Column<Beamline> {
  return {
    head: t("users.actions"),
    actions: true,
    cell: (it) => <RowActions name={it.code} onEdit={() => edit(it)} onDelete={() => remove(it)} />,
  };
}
