import type { AdminReservation } from "../../../../gateway/reservation-schemas.ts";
import { formatBytes } from "../../../components/time.ts";
import { dateFormat } from "../../../messages/formats.ts";
import { locale } from "../../../messages/messages.ts";
import { t } from "../../../messages/rules.ts";

const names = {
  short: { weekday: "short", day: "numeric", month: "short" },
  long: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
} as const;

export const dayName = (day: Date, length: keyof typeof names): string =>
  dateFormat(locale(), names[length]).format(day);

/** "23 Nov 2026, 9:00 am – 5:00 pm" */
export const spanText = (it: Pick<AdminReservation, "from" | "until">): string =>
  dateFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).formatRange(
    Date.parse(it.from),
    Date.parse(it.until),
  );

export const timeText = (at: string): string =>
  dateFormat(locale(), { timeStyle: "short" }).format(Date.parse(at));

/** "2 cores · 8 GiB · 1 GPU of 12 GiB": what each seat has. */
export function sizeText(
  it: Pick<AdminReservation, "cpus" | "memoryBytes" | "gpus" | "gpuMemoryBytes">,
): string {
  const parts = [
    t("reservations.cores", { count: it.cpus }),
    formatBytes(it.memoryBytes, locale()),
  ];
  if (it.gpus > 0)
    parts.push(
      it.gpuMemoryBytes === null
        ? t("reservations.wholeGpus", { count: it.gpus })
        : t("reservations.gpusOf", {
            count: it.gpus,
            memory: formatBytes(it.gpuMemoryBytes, locale()),
          }),
    );
  return parts.join(" · ");
}
