import { For, Show, type JSX } from "solid-js";
import { t } from "../../../messages/rules.ts";
import { dayText, touches } from "./calendar-days.ts";
import { dayKeys } from "./day-grid.ts";
import { dayName, spanText, timeText } from "./reservation-words.ts";
import { cellText, isToday, spanOf, type CalendarProps } from "./week-view.tsx";
import { dateFormat } from "../../../messages/formats.ts";
import { locale } from "../../../messages/messages.ts";
import styles from "./reservations.module.css";

const shown = 3;

interface MonthProps extends CalendarProps {
  readonly weeks: readonly (readonly Date[])[];
  /** More of a day than there is room for. */
  readonly onMore: (day: Date) => void;
}

/** A month, week below week. */
export function MonthView(props: MonthProps): JSX.Element {
  let grid: HTMLTableElement | undefined;
  const key = dayKeys({
    page: "month",
    onDay: (day) => props.onDay(day),
    onBegin: (day) => props.onBegin(day),
    grid: () => grid,
  });
  return (
    <table
      ref={(it) => (grid = it)}
      class={styles["month"]}
      // A grid of days, as ARIA's patterns have it.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role
      role="grid"
      aria-label={t("reservations.view.month")}
    >
      <thead>
        <tr>
          <For each={props.weeks[0]}>
            {(day) => <th scope="col">{dateFormat(locale(), { weekday: "short" }).format(day)}</th>}
          </For>
        </tr>
      </thead>
      <tbody>
        <For each={props.weeks}>
          {(week) => (
            <tr>
              <For each={week}>
                {(day, place) => (
                  // Its keys are the grid's.
                  // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
                  <td
                    data-day={dayText(day)}
                    data-today={isToday(day, props.now) ? "" : undefined}
                    data-other={day.getMonth() === props.day.getMonth() ? undefined : ""}
                    tabIndex={dayText(day) === dayText(props.day) ? 0 : -1}
                    aria-label={cellText(day, props.reservations)}
                    onKeyDown={(event) => key(event, day, place())}
                  >
                    <Day {...props} of={day} />
                  </td>
                )}
              </For>
            </tr>
          )}
        </For>
      </tbody>
    </table>
  );
}

function Day(props: MonthProps & { readonly of: Date }): JSX.Element {
  const here = () =>
    props.reservations
      .filter((it) => touches(spanOf(it), props.of))
      .toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from));
  return (
    <>
      <span class={styles["number"]}>{props.of.getDate()}</span>
      <For each={here().slice(0, shown)}>
        {(it) => (
          <button
            type="button"
            class={styles["entry"]}
            data-kind={it.kind}
            title={`${it.title} · ${spanText(it)}`}
            aria-label={t("reservations.open", {
              title: it.title,
              subject: it.subject,
              when: spanText(it),
            })}
            onClick={() => props.onOpen(it)}
          >
            <Show when={dayText(new Date(it.from)) === dayText(props.of)}>
              <span class={styles["time"]}>{timeText(it.from)} </span>
            </Show>
            {it.title}
          </button>
        )}
      </For>
      <Show when={here().length > shown}>
        <button
          type="button"
          class={styles["more"]}
          aria-label={t("reservations.moreOn", {
            count: here().length - shown,
            day: dayName(props.of, "long"),
          })}
          onClick={() => props.onMore(props.of)}
        >
          {t("people.more", { count: here().length - shown })}
        </button>
      </Show>
    </>
  );
}
