import type { Instance } from "../../gateway/schemas.ts";
import { locale, t } from "../messages/messages.ts";
import { formatClock } from "./time.ts";

type Queue = NonNullable<Instance["queue"]>;

/**
 * When a place is expected, with what that rests on; null where nobody can say. A limit is certain, what
 * is usual is not: the words keep them apart. `nowMs`: the server's time.
 */
export function estimateText({ estimate, basis }: Queue, nowMs: number): string | null {
  if (estimate === null) return null;
  const atMs = Date.parse(estimate);
  if (atMs <= nowMs) return t("queue.anyMoment");
  const time = formatClock(atMs, nowMs, locale(), false);
  return basis === null ? t("queue.about", { time }) : t(`queue.about.${basis}`, { time });
}
