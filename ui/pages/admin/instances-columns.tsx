import { Show, type Accessor, type JSX } from "solid-js";
import { allows, isLive } from "../../../db/states.ts";
import type { AdminInstance } from "../../api/admin-calls.ts";
import { Ahead, Moment } from "../../components/moment.tsx";
import { reasonText } from "../../components/reason.ts";
import { StateBadge } from "../../components/state-badge.tsx";
import { Button } from "../../kit/button.tsx";
import type { Column } from "../../kit/table.tsx";
import { t } from "../../messages/scheduler.ts";
import { clamped } from "./clamped.tsx";
import styles from "./admin.module.css";

interface InstanceColumns {
  readonly now: Accessor<number>;
  readonly isAdmin: boolean;
  readonly isOpen: (it: AdminInstance) => boolean;
  readonly toggle: (it: AdminInstance) => void;
  readonly onStop: (it: AdminInstance) => void;
}

/** The columns of everybody's instances. */
export function instanceColumns(on: InstanceColumns): Column<AdminInstance>[] {
  return [
    {
      head: t("users.displayName"),
      title: true,
      cell: (it) => <span class={styles["strong"]}>{it.name}</span>,
    },
    { head: t("instances.state"), cell: (it) => <State instance={it} /> },
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
    { head: t("instances.node"), cell: (it) => it.node && <code>{it.node}</code> },
    { head: t("instances.started"), cell: (it) => <Moment at={it.createdAt} now={on.now} /> },
    {
      head: t("instances.ends"),
      cell: (it) =>
        it.expiresAt !== null && it.endedAt === null ? (
          <Ahead at={it.expiresAt} now={on.now} />
        ) : null,
    },
    {
      head: t("users.actions"),
      actions: true,
      cell: (it) => (
        <>
          <Button
            size="small"
            variant="quiet"
            aria-expanded={on.isOpen(it)}
            aria-label={t("instances.whyOf", { name: it.name, person: it.owner.username })}
            onClick={() => on.toggle(it)}
          >
            {on.isOpen(it) ? t("instances.whyLess") : whyWord(it)}
          </Button>
          <Show when={allows(it.state, "stop")}>
            <Button
              size="small"
              variant="quiet"
              aria-label={t("instances.stopWhose", { name: it.name, person: it.owner.username })}
              onClick={() => on.onStop({ ...it })}
            >
              {t("instances.stop")}
            </Button>
          </Show>
        </>
      ),
    },
  ];
}

function whyWord(it: AdminInstance): string {
  if (it.state === "queued") return t("instances.whyWaits");
  return isLive(it.state) ? t("instances.why") : t("instances.whyEnded");
}

function State(props: { readonly instance: AdminInstance }): JSX.Element {
  const words = (): string | null => {
    const { queue, reason } = props.instance;
    if (queue !== null) return t("card.queuePosition", { position: queue.position });
    return reason === null ? null : reasonText(reason);
  };
  return (
    <span class={styles["state"]}>
      <StateBadge state={props.instance.state} />
      <Show when={words()}>
        {(text) => (
          <span class={styles["inLine"]} title={text()}>
            {text()}
          </span>
        )}
      </Show>
    </span>
  );
}
