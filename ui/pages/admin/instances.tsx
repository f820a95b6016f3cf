import { createSignal, Show, type JSX } from "solid-js";
import { allows, states } from "../../../db/states.ts";
import { listAllInstances, stopAnyInstance, type AdminInstance } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { Moment } from "../../components/moment.tsx";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { sentence } from "../../components/reason.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { StateBadge } from "../../components/state-badge.tsx";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/dialog.tsx";
import { Select } from "../../kit/select.tsx";
import type { Column } from "../../kit/table.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/admin.ts";
import { AdminList } from "./admin-list.tsx";
import { clamped } from "./clamped.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { useAdminList } from "./use-admin-list.ts";
import styles from "./admin.module.css";

/** Everybody's instances; staff see those that were started for their beamlines. */
export function InstancesPage(): JSX.Element {
  const me = useSignedIn();
  const list = useAdminList<AdminInstance>("admin-instances", listAllInstances, {
    sorts: [],
    filters: ["state"],
  });
  const [stopping, setStopping] = createSignal<AdminInstance | null>(null);
  usePageTitle(() => t("nav.instances"));
  const isAdmin = (): boolean => me().roles.includes("admin");
  return (
    <>
      <AdminList
        title={t("nav.instances")}
        text={isAdmin() ? t("instances.text") : t("instances.textOfStaff")}
        none={t("instances.none")}
        list={list}
        columns={columnsFor(setStopping)}
        filters={
          <div class={styles["filters"]}>
            <Select
              label={t("instances.state")}
              value={list.filter("state")}
              options={[
                { value: "", text: t("instances.anyState") },
                ...states.map((value) => ({ value, text: t(`state.${value}`) })),
              ]}
              onChange={(value) => list.setFilter("state", value)}
            />
          </div>
        }
      />
      <AskToStop instance={stopping()} onClose={() => setStopping(null)} />
    </>
  );
}

function columnsFor(onStop: (it: AdminInstance) => void): Column<AdminInstance>[] {
  const now = createNow(30_000);
  return [
    {
      head: t("users.displayName"),
      title: true,
      cell: (it) => <span class={styles["strong"]}>{it.name}</span>,
    },
    {
      head: t("instances.state"),
      cell: (it) => (
        <>
          <StateBadge state={it.state} />
          <Show when={it.reason}>
            {(reason) => <p class={styles["why"]}>{sentence(reason().text)}</p>}
          </Show>
        </>
      ),
    },
    {
      head: t("instances.owner"),
      cell: (it) => (
        <span title={it.owner.displayName}>
          <code>{it.owner.username}</code>
        </span>
      ),
    },
    { head: t("instances.environment"), cell: (it) => clamped(it.environment.name) },
    {
      head: t("instances.experiment"),
      cell: (it) => it.experiment && `${it.experiment.code} · ${it.experiment.beamline}`,
    },
    { head: t("instances.node"), cell: (it) => it.node },
    { head: t("instances.started"), cell: (it) => <Moment at={it.createdAt} now={now} /> },
    {
      head: t("users.actions"),
      actions: true,
      cell: (it) => (
        <Show when={allows(it.state, "stop")}>
          <Button
            size="small"
            variant="quiet"
            aria-label={t("instances.stopWhose", { name: it.name, person: it.owner.username })}
            onClick={() => onStop({ ...it })}
          >
            {t("instances.stop")}
          </Button>
        </Show>
      ),
    },
  ];
}

function AskToStop(props: {
  readonly instance: AdminInstance | null;
  readonly onClose: () => void;
}): JSX.Element {
  const stop = async (it: AdminInstance): Promise<void> => {
    try {
      await stopAnyInstance(it.id);
      showToast({ tone: "info", title: t("instances.stopped", { name: it.name }) });
    } catch (error) {
      toastRefusal(error);
    }
    await queryClient.invalidateQueries({ queryKey: ["admin-instances"] });
  };
  return (
    <Confirm
      open={props.instance !== null}
      onOpenChange={(open) => !open && props.onClose()}
      title={t("instances.stopTitle", { name: props.instance?.name ?? "" })}
      confirm={t("instances.stop")}
      cancel={t("app.cancel")}
      danger
      onConfirm={() => {
        if (props.instance !== null) void stop(props.instance);
      }}
    >
      <p>{t("instances.stopText", { person: props.instance?.owner.displayName ?? "" })}</p>
    </Confirm>
  );
}
