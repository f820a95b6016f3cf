import { useSearchParams } from "@solidjs/router";
import { keepPreviousData } from "@tanstack/solid-query";
import ChevronLeft from "lucide-solid/icons/chevron-left";
import ChevronRight from "lucide-solid/icons/chevron-right";
import { createMemo, createSignal, Match, Show, Switch, type JSX } from "solid-js";
import type { AdminReservation } from "../../../../gateway/reservation-schemas.ts";
import { queryClient } from "../../../api/query-client.ts";
import { listReservations } from "../../../api/reservation-calls.ts";
import { useQuery } from "../../../api/use-query.ts";
import { ErrorNotice } from "../../../components/error-notice.tsx";
import { Loading } from "../../../components/loading.tsx";
import { createMedia } from "../../../components/media.ts";
import { createNow } from "../../../components/now.ts";
import { usePageTitle } from "../../../components/page-title.ts";
import { Button } from "../../../kit/button.tsx";
import { SearchField } from "../../../kit/search-field.tsx";
import { dateFormat } from "../../../messages/formats.ts";
import { locale } from "../../../messages/messages.ts";
import { t } from "../../../messages/rules.ts";
import { zoneName } from "../local-time.ts";
import { Segmented } from "../rules/segmented.tsx";
import {
  addDays,
  addMonths,
  dayIn,
  dayText,
  firstDayOf,
  weekOf,
  weeksOf,
} from "./calendar-days.ts";
import { ListView } from "./list-view.tsx";
import { MonthView } from "./month-view.tsx";
import { ReservationDialog } from "./reservation-dialog.tsx";
import { WeekView } from "./week-view.tsx";
import admin from "../admin.module.css";
import styles from "./reservations.module.css";

const views = ["week", "month", "list"] as const;
type View = (typeof views)[number];
const reservationsKey = "admin-reservations";
const soonest = { year: "numeric", month: "long" } as const;

/** Capacity that is kept for some people for a time, as a calendar. */
export function ReservationsPage(): JSX.Element {
  usePageTitle(() => t("nav.reservations"));
  const [address, setAddress] = useSearchParams<{ view: string; day: string; search: string }>();
  const narrow = createMedia("(max-width: 40em)");
  const now = createNow(60_000);
  const [dialog, setDialog] = createSignal<{
    readonly of: AdminReservation | null;
    readonly day: Date;
  } | null>(null);

  const view = (): View =>
    narrow() ? "list" : (views.find((it) => it === address.view) ?? "week");
  const day = createMemo(() => dayIn(address.day, now()), undefined, {
    equals: (a, b) => a.getTime() === b.getTime(),
  });
  const first = (): number => firstDayOf(locale());
  // The same days stay the same cells, or the focus would go with each step from one to the next.
  const weeks = createMemo(
    () => (view() === "month" ? weeksOf(day(), first()) : [weekOf(day(), first())]),
    undefined,
    { equals: sameDays },
  );
  const days = (): readonly Date[] => weeks().flat();
  const span = () => {
    const last = days().at(-1) ?? day();
    return { from: (days()[0] ?? day()).toISOString(), until: addDays(last, 1).toISOString() };
  };
  const search = (): string => address.search ?? "";
  const question = () => (view() === "list" ? { search: search() } : span());
  const query = useQuery(() => ({
    queryKey: [reservationsKey, question()],
    queryFn: ({ signal }) => listReservations(question(), signal),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  }));
  const shown = (): readonly AdminReservation[] =>
    (query.data ?? []).filter((it) => view() === "list" || it.cancelledAt === null);
  const go = (to: Date): void => void setAddress({ day: dayText(to) }, { replace: true });
  const step = (by: number): void =>
    go(view() === "month" ? addMonths(day(), by) : addDays(day(), 7 * by));
  const open = (of: AdminReservation): void => void setDialog({ of, day: day() });
  const begin = (at: Date): void => void setDialog({ of: null, day: at });

  return (
    <div class={admin["page"]}>
      <div class={admin["head"]}>
        <h1 class={admin["title"]}>{t("nav.reservations")}</h1>
        <Show when={!narrow()}>
          <Segmented
            label={t("reservations.view")}
            value={view()}
            options={views.map((value) => ({ value, text: t(`reservations.view.${value}`) }))}
            onChange={(value) => setAddress({ view: value }, { replace: true })}
          />
        </Show>
        <Button variant="primary" onClick={() => begin(day())}>
          {t("reservations.add")}
        </Button>
      </div>
      <p class={admin["muted"]}>{t("reservations.text")}</p>
      <Show
        when={view() !== "list"}
        fallback={
          <SearchField
            label={t("admin.search")}
            placeholder={t("admin.search")}
            value={search()}
            onInput={(value) => setAddress({ search: value || null }, { replace: true })}
            shortcut
          />
        }
      >
        <div class={styles["bar"]}>
          <Button
            icon
            aria-label={t(`reservations.before.${asSpan(view())}`)}
            onClick={() => step(-1)}
          >
            <ChevronLeft size={18} aria-hidden="true" />
          </Button>
          <Button onClick={() => go(new Date(now()))}>{t("reservations.today")}</Button>
          <Button
            icon
            aria-label={t(`reservations.after.${asSpan(view())}`)}
            onClick={() => step(1)}
          >
            <ChevronRight size={18} aria-hidden="true" />
          </Button>
          <h2 class={styles["span"]} aria-live="polite">
            {view() === "month" ? monthText(day()) : weekText(days())}
          </h2>
          <span class={admin["muted"]}>{t("reservations.zone", { zone: zoneName() })}</span>
        </div>
      </Show>
      <Switch>
        <Match when={query.isError && query.data === undefined}>
          <ErrorNotice error={query.error} doing="look" retry={() => void query.refetch()} />
        </Match>
        <Match when={query.isPending}>
          <Loading />
        </Match>
        <Match when={view() === "list"}>
          <ListView reservations={shown()} search={search()} now={now()} onOpen={open} />
        </Match>
        <Match when={view() === "week"}>
          <WeekView
            days={weeks()[0] ?? []}
            day={day()}
            reservations={shown()}
            now={now()}
            onDay={go}
            onOpen={open}
            onBegin={begin}
          />
        </Match>
        <Match when={view() === "month"}>
          <MonthView
            weeks={weeks()}
            day={day()}
            reservations={shown()}
            now={now()}
            onDay={go}
            onOpen={open}
            onBegin={begin}
            onMore={(of) => setAddress({ view: "week", day: dayText(of) })}
          />
        </Match>
      </Switch>
      <Show when={view() !== "list" && query.data !== undefined && shown().length === 0}>
        <p role="status">{t("reservations.noneThen")}</p>
      </Show>
      <ReservationDialog
        open={dialog() !== null}
        reservation={dialog()?.of ?? null}
        day={dialog()?.day ?? day()}
        now={now()}
        onClose={() => setDialog(null)}
        onChanged={() => void queryClient.invalidateQueries({ queryKey: [reservationsKey] })}
      />
    </div>
  );
}

const sameDays = (a: readonly Date[][], b: readonly Date[][]): boolean =>
  String(a.flat().map(dayText)) === String(b.flat().map(dayText));

/** What the arrows go by. */
const asSpan = (view: View): "week" | "month" => (view === "month" ? "month" : "week");

const monthText = (day: Date): string => dateFormat(locale(), soonest).format(day);
const weekText = (days: readonly Date[]): string =>
  dateFormat(locale(), { dateStyle: "medium" }).formatRange(
    days[0] ?? new Date(),
    days.at(-1) ?? new Date(),
  );
