import { For, Show, type JSX } from "solid-js";
import type { AdminReservation } from "../../../../gateway/reservation-schemas.ts";
import { dateFormat } from "../../../messages/formats.ts";
import { locale } from "../../../messages/messages.ts";
import { t } from "../../../messages/rules.ts";
import { blocksOf, clock, dayText, touches, type Span } from "./calendar-days.ts";
import { dayKeys } from "./day-grid.ts";
import { dayName, spanText } from "./reservation-words.ts";
import styles from "./reservations.module.css";

export interface CalendarProps {
  /** The one that is looked at. */
  readonly day: Date;
  readonly reservations: readonly AdminReservation[];
  readonly now: number;
  readonly onDay: (day: Date) => void;
  readonly onOpen: (reservation: AdminReservation) => void;
  readonly onBegin: (day: Date) => void;
}

const hours = [0, 3, 6, 9, 12, 15, 18, 21] as const;
const laneWidth = 46;
const hoursWidth = 72;
const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;
export const spanOf = (it: AdminReservation): Span => ({
  id: it.id,
  from: Date.parse(it.from),
  until: Date.parse(it.until),
});

/** A week, day beside day, by the hours. */
export function WeekView(props: CalendarProps & { readonly days: readonly Date[] }): JSX.Element {
  let grid: HTMLTableElement | undefined;
  const key = dayKeys({
    page: "week",
    onDay: (day) => props.onDay(day),
    onBegin: (day) => props.onBegin(day),
    grid: () => grid,
  });
  /** As much as a finger needs of each that stand beside each other. */
  const room = (day: Date): number =>
    Math.max(2, ...blocksOf(props.reservations.map(spanOf), day).map((it) => it.lanes)) * laneWidth;
  const width = (): number => props.days.reduce((sum, day) => sum + room(day), hoursWidth);
  return (
    <div class={styles["scroll"]}>
      <table
        ref={(it) => (grid = it)}
        class={styles["week"]}
        style={{ "min-width": `${width()}px` }}
        // A grid of days, as ARIA's patterns have it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role
        role="grid"
        aria-label={t("reservations.view.week")}
      >
        <thead>
          <tr>
            <th class={styles["corner"]} scope="col">
              <span class="visually-hidden">{t("reservations.hours")}</span>
            </th>
            <For each={props.days}>
              {(day) => (
                <th
                  scope="col"
                  style={{ width: `${room(day)}px` }}
                  data-today={isToday(day, props.now) ? "" : undefined}
                >
                  {dayName(day, "short")}
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th class={styles["hours"]} scope="row">
              <span class="visually-hidden">{t("reservations.hours")}</span>
              <For each={hours}>
                {(hour) => (
                  <span
                    class={styles["hour"]}
                    style={{ top: percent(hour / 24) }}
                    aria-hidden="true"
                  >
                    {dateFormat(locale(), { timeStyle: "short" }).format(
                      new Date(2026, 0, 1, hour),
                    )}
                  </span>
                )}
              </For>
            </th>
            <For each={props.days}>
              {(day, place) => (
                // Its keys are the grid's.
                // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
                <td
                  class={styles["day"]}
                  data-day={dayText(day)}
                  data-today={isToday(day, props.now) ? "" : undefined}
                  tabIndex={dayText(day) === dayText(props.day) ? 0 : -1}
                  aria-label={cellText(day, props.reservations)}
                  onKeyDown={(event) => key(event, day, place())}
                >
                  <For each={hours}>
                    {(hour) => (
                      <span
                        class={styles["line"]}
                        style={{ top: percent(hour / 24) }}
                        aria-hidden="true"
                      />
                    )}
                  </For>
                  <For each={blocksOf(props.reservations.map(spanOf), day)}>
                    {(block) => (
                      <Show when={props.reservations.find((it) => it.id === block.id)}>
                        {(it) => (
                          <button
                            type="button"
                            class={styles["block"]}
                            data-kind={it().kind}
                            style={{
                              top: percent(block.top),
                              height: percent(block.height),
                              left: percent(block.lane / block.lanes),
                              width: percent(1 / block.lanes),
                            }}
                            title={`${it().title} · ${spanText(it())}`}
                            aria-label={t("reservations.open", {
                              title: it().title,
                              subject: it().subject,
                              when: spanText(it()),
                            })}
                            onClick={() => props.onOpen(it())}
                          >
                            <span class={styles["blockTitle"]}>{it().title}</span>
                            <span class={styles["blockNote"]}>
                              {`${it().subject} · ${t("reservations.seatsTaken", { taken: it().seatsTaken, seats: it().seats })}`}
                            </span>
                          </button>
                        )}
                      </Show>
                    )}
                  </For>
                  <Show when={isToday(day, props.now)}>
                    <span
                      class={styles["now"]}
                      style={{ top: percent(clock(props.now, day)) }}
                      aria-hidden="true"
                    />
                  </Show>
                </td>
              )}
            </For>
          </tr>
        </tbody>
      </table>
    </div>
  );
}

export const isToday = (day: Date, now: number): boolean => dayText(day) === dayText(new Date(now));

export function cellText(day: Date, reservations: readonly AdminReservation[]): string {
  const count = reservations.filter((it) => touches(spanOf(it), day)).length;
  return t("reservations.onDay", { day: dayName(day, "long"), count });
}
