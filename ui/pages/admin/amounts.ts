import { formatBytes } from "../../components/time.ts";
import { numberFormat } from "../../messages/formats.ts";
import { locale } from "../../messages/messages.ts";
import { t } from "../../messages/scheduler.ts";

/** Three figures tell enough, 1.95, 23.8, 379, and what is taken and what is free come to the whole. */
function fine(value: number): Intl.NumberFormatOptions {
  const digits = Math.abs(value) < 10 ? 2 : 1;
  return { maximumFractionDigits: Math.abs(value) < 100 ? digits : 0 };
}

/** "12 of 64", as the locale writes numbers. */
export function ofNumbers(used: number, total: number): string {
  return t("nodes.ofCapacity", {
    used: numberFormat(locale(), fine(used)).format(used),
    total: numberFormat(locale(), fine(total)).format(total),
  });
}

/** "12 of 48 GiB": one unit for both, where there is something to compare. */
export function ofBytes(used: number, total: number): string {
  const gib = total >= 2 ** 30;
  const figure = used / (gib ? 2 ** 30 : 2 ** 20);
  const text = numberFormat(locale(), fine(figure)).format(figure);
  return t("nodes.ofCapacity", { used: text, total: formatBytes(total, locale()) });
}

export const bytesText = (bytes: number): string => formatBytes(bytes, locale());

export const numberText = (value: number): string =>
  numberFormat(locale(), fine(value)).format(value);

/** "71 %" */
export const percentText = (share: number): string =>
  numberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(share);
