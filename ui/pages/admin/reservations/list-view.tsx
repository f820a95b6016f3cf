import type { JSX } from "solid-js";
import { Show } from "solid-js";
import type { AdminReservation } from "../../../../gateway/reservation-schemas.ts";
import { StateShape } from "../../../components/state-badge.tsx";
import { Button } from "../../../kit/button.tsx";
import { Table, type Column } from "../../../kit/table.tsx";
import { t } from "../../../messages/rules.ts";
import { phaseAt } from "./reservation-entries.ts";
import { sizeText, spanText } from "./reservation-words.ts";
import admin from "../admin.module.css";

const shapes = {
  upcoming: "queued",
  now: "running",
  over: "stopped",
  cancelled: "stopped",
} as const;

/** Reservations one after the other, those that are over left out. */
export function ListView(props: {
  readonly reservations: readonly AdminReservation[];
  readonly search: string;
  readonly now: number;
  readonly onOpen: (reservation: AdminReservation) => void;
}): JSX.Element {
  const columns = (): Column<AdminReservation>[] => [
    {
      head: t("reservations.title"),
      title: true,
      cell: (it) => <span class={admin["strong"]}>{it.title}</span>,
    },
    {
      head: t("reservations.for"),
      cell: (it) => <span>{`${t(`reservations.kind.${it.kind}`)} ${it.subject}`}</span>,
    },
    { head: t("reservations.when"), cell: (it) => <span>{spanText(it)}</span> },
    {
      head: t("users.state"),
      cell: (it) => {
        const phase = (): keyof typeof shapes => phaseAt(it, props.now);
        return (
          <span class={`${admin["word"]} ${phase() === "now" ? admin["good"] : admin["muted"]}`}>
            <StateShape state={shapes[phase()]} />
            {t(`reservations.phase.${phase()}`)}
          </span>
        );
      },
    },
    {
      head: t("reservations.seats"),
      end: true,
      cell: (it) => (
        <span>{t("reservations.seatsTaken", { taken: it.seatsTaken, seats: it.seats })}</span>
      ),
    },
    { head: t("reservations.each"), cell: (it) => <span>{sizeText(it)}</span> },
    {
      head: t("users.actions"),
      actions: true,
      cell: (it) => (
        <Button
          size="small"
          variant="quiet"
          aria-label={t("users.editWho", { name: it.title })}
          onClick={() => props.onOpen(it)}
        >
          {t("users.edit")}
        </Button>
      ),
    },
  ];
  return (
    <Show
      when={props.reservations.length > 0}
      fallback={
        <p role="status">
          {props.search === ""
            ? t("reservations.none")
            : t("admin.noMatch", { search: props.search })}
        </p>
      }
    >
      <Table
        label={t("nav.reservations")}
        columns={columns()}
        rows={props.reservations}
        onOpen={props.onOpen}
      />
    </Show>
  );
}
