import { Show, type JSX } from "solid-js";
import type { ReservationDetail } from "../../../../gateway/reservation-schemas.ts";
import { getReservation } from "../../../api/reservation-calls.ts";
import { useQuery } from "../../../api/use-query.ts";
import { Notice } from "../../../kit/notice.tsx";
import { t } from "../../../messages/rules.ts";
import { spanText } from "./reservation-words.ts";
import form from "../rules/form.module.css";

/** Who else has reserved some of the same nodes for a part of the time, and whether there is room for all. */
export function Overlaps(props: { readonly id: string }): JSX.Element {
  const query = useQuery(() => ({
    queryKey: ["admin-reservation", props.id],
    queryFn: ({ signal }) => getReservation(props.id, signal),
    staleTime: 0,
  }));
  return (
    <Show when={query.data}>
      {(it) => (
        <>
          <p class={form["muted"]}>{t("reservations.admits", { count: it().nodes })}</p>
          <Show when={it().overlaps.length > 0}>
            <Notice
              tone={it().missing > 0 ? "attention" : "info"}
              title={roomText(it())}
              lines={overlapLines(it())}
            />
          </Show>
        </>
      )}
    </Show>
  );
}

export const roomText = (it: ReservationDetail): string =>
  it.missing > 0
    ? t("reservations.missing", { count: it.missing })
    : t("reservations.overlaps", { count: it.overlaps.length });

/** As many as can be read; the rest by their number. */
const mostLines = 5;
export function overlapLines({ overlaps }: ReservationDetail): string[] {
  const more = overlaps.length - mostLines;
  const lines = overlaps.slice(0, mostLines).map(overlapText);
  return more > 0 ? [...lines, t("people.more", { count: more })] : lines;
}

/** Of somebody else's only the time and the seats are known. */
const overlapText = (it: ReservationDetail["overlaps"][number]): string =>
  t("reservations.overlap", {
    title: it.title ?? t("reservations.ofOthers"),
    when: spanText(it),
    seats: it.seats,
  });
