import type { Instance } from "../../gateway/schemas.ts";
import { locale, t } from "../messages/messages.ts";
import { sentence } from "./reason.ts";
import { formatClock, formatRelative } from "./time.ts";

export interface NoticeWords {
  readonly title: string;
  readonly lines: readonly (string | null)[];
  /** It is about the end of its time, and not about its node. */
  readonly ends: boolean;
}

/** What its people are asked, in the reader's words; null where they are asked nothing. `nowMs`: the server's time. */
export function noticeWords(instance: Instance, nowMs: number): NoticeWords | null {
  const { notice } = instance;
  if (notice === null) return null;
  const node = instance.node?.name ?? "";
  switch (notice.code) {
    case "node_draining": {
      const reason = drainReason(notice.text);
      const why = reason === null ? null : t("notice.drainingWhy", { reason });
      return { title: t("notice.draining", { node }), lines: [why, t("notice.move")], ends: false };
    }
    case "node_needed_for_beamtime": {
      const time = untilOf(notice.text, nowMs);
      const title =
        time === null ? t("notice.beamtime", { node }) : t("notice.beamtimeUntil", { node, time });
      return { title, lines: [t("notice.move")], ends: false };
    }
    case "ends_soon":
      return endsSoon(instance, nowMs);
    default:
      return { title: sentence(notice.text), lines: [], ends: false };
  }
}

function endsSoon({ expiresAt, notice }: Instance, nowMs: number): NoticeWords {
  if (expiresAt === null)
    return { title: sentence(notice?.text ?? ""), lines: [t("notice.endsText")], ends: true };
  const atMs = Math.max(Date.parse(expiresAt), nowMs);
  const when = formatRelative(atMs, nowMs, locale());
  return { title: t("notice.ends", { when }), lines: [t("notice.endsText")], ends: true };
}

/** What the administrator gave as the reason, in `db/node-changes.ts`'s words around it. */
const drained = /is being emptied: (.+)\. Restart on another node/s;
const drainReason = (text: string): string | null => drained.exec(text)?.[1] ?? null;

/** `until 2026-11-22T14:30:00.000Z its node is needed …`, as `db/dedications.ts` writes it, in the reader's zone. */
function untilOf(text: string, nowMs: number): string | null {
  const atMs = Date.parse(/^until (\S+)/.exec(text)?.[1] ?? "");
  return Number.isNaN(atMs) ? null : formatClock(atMs, nowMs, locale(), false);
}
