import { createSignal, onMount, Show, type JSX } from "solid-js";
import { useSearchParams } from "@solidjs/router";
import { listAllInstances, type AdminInstance } from "../../api/admin-calls.ts";
import { queryClient } from "../../api/query-client.ts";
import { stopAnyInstance } from "../../api/admin-calls.ts";
import { createNow } from "../../components/now.ts";
import { usePageTitle } from "../../components/page-title.ts";
import { useSignedIn } from "../../components/signed-in-context.ts";
import { Confirm } from "../../kit/dialog.tsx";
import { showToast } from "../../kit/toasts.ts";
import { t } from "../../messages/scheduler.ts";
import { AdminList } from "./admin-list.tsx";
import { instanceColumns } from "./instances-columns.tsx";
import { InstanceFilters, instanceFilters } from "./instances-filters.tsx";
import { InstanceWhy } from "./instance-why.tsx";
import { toastRefusal } from "./toast-refusal.ts";
import { useAdminList } from "./use-admin-list.ts";

/** Everybody's instances; staff see those that were started for their beamlines. */
export function InstancesPage(): JSX.Element {
  const me = useSignedIn();
  const list = useAdminList<AdminInstance>("admin-instances", listAllInstances, {
    sorts: [],
    filters: instanceFilters,
  });
  const [parameters, setParameters] = useSearchParams<{ open?: string }>();
  const [stopping, setStopping] = createSignal<AdminInstance | null>(null);
  const now = createNow(10_000);
  usePageTitle(() => t("nav.instances"));
  const isAdmin = (): boolean => me().roles.includes("admin");
  const isOpen = (it: AdminInstance): boolean => parameters.open === it.id;
  const toggle = (it: AdminInstance): void =>
    setParameters({ open: isOpen(it) ? null : it.id }, { replace: true });
  /** One that a link leads to, and that is not among the rows: it may be old. */
  const elsewhere = (): string | undefined => {
    const { open } = parameters;
    if (open === undefined || list.query.isPending) return undefined;
    return list.rows().some((it) => it.id === open) ? undefined : open;
  };
  return (
    <>
      <Show when={elsewhere()} keyed>
        {(id) => <Elsewhere id={id} now={now} onClose={() => setParameters({ open: null })} />}
      </Show>
      <AdminList
        title={t("nav.instances")}
        text={isAdmin() ? t("instances.text") : t("instances.textOfStaff")}
        none={t("instances.none")}
        list={list}
        columns={instanceColumns({ now, isAdmin: isAdmin(), isOpen, toggle, onStop: setStopping })}
        onOpen={toggle}
        detail={(it) => (isOpen(it) ? <InstanceWhy id={it.id} now={now} /> : null)}
        filters={<InstanceFilters list={list} />}
      />
      <AskToStop instance={stopping()} onClose={() => setStopping(null)} />
    </>
  );
}

function Elsewhere(props: {
  readonly id: string;
  readonly now: () => number;
  readonly onClose: () => void;
}): JSX.Element {
  let box: HTMLElement | undefined;
  onMount(() => box?.scrollIntoView({ block: "nearest" }));
  return (
    <section ref={(it) => (box = it)}>
      <InstanceWhy id={props.id} now={props.now} named onClose={props.onClose} />
    </section>
  );
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
