import { dateFormat, numberFormat, relativeFormat } from "../messages/formats.ts";

/** A duration as parts of a message, so that each language puts its own words around them. */
export type DurationText =
  | { readonly key: "duration.seconds"; readonly parameters: { readonly seconds: string } }
  | { readonly key: "duration.minutes"; readonly parameters: { readonly minutes: number } }
  | {
      readonly key: "duration.hours";
      readonly parameters: { readonly hours: number; readonly minutes: number };
    }
  | { readonly key: "duration.hoursOnly"; readonly parameters: { readonly hours: number } }
  | {
      readonly key: "duration.days";
      readonly parameters: { readonly days: number; readonly hours: number };
    }
  | { readonly key: "duration.daysOnly"; readonly parameters: { readonly days: number } };

const minuteMs = 60_000;

/** Two parts at most: nobody needs the seconds of a day. Cut, not rounded: a clock does not run ahead. */
export function describeDuration(ms: number, locale: string): DurationText {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 60) {
    const digits = seconds < 9.95 ? 1 : 0;
    const cut = digits === 1 ? Math.floor(seconds * 10) / 10 : Math.floor(seconds);
    const text = numberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(cut);
    return { key: "duration.seconds", parameters: { seconds: text } };
  }
  const minutes = Math.floor((ms + 0.5) / minuteMs);
  if (minutes < 60) return { key: "duration.minutes", parameters: { minutes } };
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return minutes % 60 === 0
      ? { key: "duration.hoursOnly", parameters: { hours } }
      : { key: "duration.hours", parameters: { hours, minutes: minutes % 60 } };
  }
  const days = Math.floor(hours / 24);
  return hours % 24 === 0
    ? { key: "duration.daysOnly", parameters: { days } }
    : { key: "duration.days", parameters: { days, hours: hours % 24 } };
}

const units = [
  ["year", 365 * 24 * 60],
  ["month", 30 * 24 * 60],
  ["week", 7 * 24 * 60],
  ["day", 24 * 60],
  ["hour", 60],
  ["minute", 1],
] as const;

/** "3 minutes ago", "in 2 hours", "yesterday", as the locale says it. Times in ms since 1970. */
export function formatRelative(atMs: number, nowMs: number, locale: string): string {
  const format = relativeFormat(locale, { numeric: "auto" });
  const minutes = (atMs - nowMs) / minuteMs;
  for (const [unit, size] of units) {
    if (Math.abs(minutes) >= size) return format.format(Math.trunc(minutes / size), unit);
  }
  return format.format(0, "second");
}

/**
 * The time of day, with the day where that is not today's: "10:24", "21 Nov 2026, 10:24".
 * `precise`: to the second.
 */
export function formatClock(
  atMs: number,
  nowMs: number,
  locale: string,
  precise: boolean,
  timeZone?: string,
): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = dateFormat(locale, { dateStyle: "short", ...zone });
  const sameDay = day.format(atMs) === day.format(nowMs);
  return dateFormat(locale, {
    timeStyle: precise ? "medium" : "short",
    ...(sameDay ? {} : { dateStyle: "medium" }),
    ...zone,
  }).format(atMs);
}

/** The day alone: "21 Nov 2026". */
export function formatDay(atMs: number, locale: string, timeZone?: string): string {
  return dateFormat(locale, {
    dateStyle: "medium",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(atMs);
}

/** From which day until which: "1 – 4 Nov 2026". */
export function formatDays(
  fromMs: number,
  untilMs: number,
  locale: string,
  timeZone?: string,
): string {
  return dateFormat(locale, {
    dateStyle: "medium",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).formatRange(fromMs, untilMs);
}

/** Something that ends within this time ends soon. */
const soonMs = 7 * 24 * 60 * minuteMs;

/** Whether a moment that lies ahead is near enough to be warned of. */
export function isSoon(atMs: number, nowMs: number): boolean {
  return atMs - nowMs < soonMs;
}

/** The exact moment in the reader's locale and time zone, with its name. */
export function formatExact(atMs: number, locale: string, timeZone?: string): string {
  return dateFormat(locale, {
    dateStyle: "medium",
    timeStyle: "long",
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(atMs);
}

/** A size in bytes as GiB or MiB, as the locale writes numbers. */
export function formatBytes(bytes: number, locale: string): string {
  const gib = bytes / 2 ** 30;
  const [value, unit] = gib >= 1 ? [gib, "GiB"] : [bytes / 2 ** 20, "MiB"];
  const format = numberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0 });
  return `${format.format(value)} ${unit}`;
}
