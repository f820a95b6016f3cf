/** Days, weeks and months of the reader's own zone, and where things stand in them. Pure. */

/** A day as it stands in an address: `2026-11-22`. */
export function dayText(day: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${String(day.getFullYear()).padStart(4, "0")}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The beginning of the day in a text, else that of `otherwise`. */
export function dayIn(text: string | undefined, otherwise: number): Date {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? "") ?? [];
  const found = new Date(Number(year), Number(month) - 1, Number(day));
  // The 31st of a month that has 30 is no day.
  return dayText(found) === text ? found : startOfDay(new Date(otherwise));
}

const startOfDay = (at: Date): Date => new Date(at.getFullYear(), at.getMonth(), at.getDate());
/** By the calendar, not by hours: days are 23 to 25 of them long. */
export const addDays = (day: Date, count: number): Date =>
  new Date(day.getFullYear(), day.getMonth(), day.getDate() + count);

/** The same day of another month, or that month's last one. */
export function addMonths(day: Date, count: number): Date {
  const last = new Date(day.getFullYear(), day.getMonth() + count + 1, 0).getDate();
  return new Date(day.getFullYear(), day.getMonth() + count, Math.min(day.getDate(), last));
}

/** Seven days. `firstDay`: 0 Sunday, 1 Monday. */
export function weekOf(day: Date, firstDay: number): Date[] {
  const back = (day.getDay() - firstDay + 7) % 7;
  return Array.from({ length: 7 }, (_, at) => addDays(day, at - back));
}

/** The weeks that have a day of the month in them. */
export function weeksOf(day: Date, firstDay: number): Date[][] {
  const weeks: Date[][] = [];
  const month = day.getMonth();
  let week = weekOf(new Date(day.getFullYear(), month, 1), firstDay);
  while (week.some((it) => it.getMonth() === month)) {
    weeks.push(week);
    week = weekOf(addDays(week[6] ?? day, 1), firstDay);
  }
  return weeks;
}

interface WeekInfo {
  readonly firstDay: number;
}

/** As the locale begins its weeks; Monday where the browser does not know. */
export function firstDayOf(locale: string): number {
  const it = new Intl.Locale(locale) as Intl.Locale & {
    getWeekInfo?: () => WeekInfo;
    weekInfo?: WeekInfo;
  };
  return ((it.getWeekInfo?.() ?? it.weekInfo)?.firstDay ?? 1) % 7;
}

export interface Span {
  readonly id: string;
  /** ms since 1970. */
  readonly from: number;
  readonly until: number;
}

export const touches = (it: Span, day: Date): boolean =>
  it.from < addDays(day, 1).getTime() && it.until > day.getTime();

export interface Block {
  readonly id: string;
  /** Parts of the day, 0 to 1, by the clock on the wall. */
  readonly top: number;
  readonly height: number;
  /** Beside how many others at most, and in which place. */
  readonly lane: number;
  readonly lanes: number;
}

/** Less could not be read or hit. */
const least = 1 / 24;

/** Where things stand in a day, side by side where they overlap. */
export function blocksOf(spans: readonly Span[], day: Date): Block[] {
  const sorted = spans
    .filter((it) => touches(it, day))
    .toSorted((a, b) => a.from - b.from || b.until - a.until || (a.id < b.id ? -1 : 1));
  const blocks: { id: string; top: number; end: number; lane: number; group: number }[] = [];
  let group = 0;
  let groupEnd = 0;
  for (const it of sorted) {
    const top = Math.min(clock(it.from, day), 1 - least);
    const end = Math.max(clock(it.until, day), top + least);
    if (top >= groupEnd) group += 1;
    groupEnd = Math.max(top >= groupEnd ? 0 : groupEnd, end);
    const taken = new Set(
      blocks.filter((other) => other.group === group && other.end > top).map((other) => other.lane),
    );
    let lane = 0;
    while (taken.has(lane)) lane += 1;
    blocks.push({ id: it.id, top, end, lane, group });
  }
  return blocks.map(({ id, top, end, lane, group }) => ({
    id,
    top,
    height: end - top,
    lane,
    lanes: 1 + Math.max(...blocks.filter((it) => it.group === group).map((it) => it.lane)),
  }));
}

/** The part of the day that the clock says has passed. */
export function clock(at: number, day: Date): number {
  if (at <= day.getTime()) return 0;
  if (at >= addDays(day, 1).getTime()) return 1;
  const it = new Date(at);
  return (it.getHours() * 60 + it.getMinutes()) / 1440;
}
