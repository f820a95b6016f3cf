import type { Instance } from "../../gateway/schemas.ts";
import { t } from "../messages/messages.ts";
import { queueFigures } from "./queue-reason.ts";

/** Reasons whose whole meaning is in the code: said in the reader's language. */
const whole = [
  "stopped_by_person",
  "stopped_at_station",
  "experiment_ended",
  "station_revoked",
  "stopped_by_staff",
  "lifetime_over",
  "restarting",
  "logged_out",
  "out_of_memory",
  "container_vanished",
  "no_nodes",
  "node_lost",
  "node_gone",
  "engine_unreachable",
  "engine_restarted",
  "disk_full",
  "image_missing",
  "not_found",
  "internal",
] as const;

/** Reasons with particulars: what they mean, and then the server's own words. */
const particular = [
  "desktop_silent",
  "container_exited",
  "container_error",
  "engine_error",
  "isolation_missing",
  "home_missing",
  "home_unusable",
  "home_unreachable",
  "data_missing",
  "data_unusable",
  "data_unreachable",
  "no_node_ready",
  "no_node_matches",
  "node_dedicated",
  "reserved",
  "room_gathered",
  "limit_reached",
  "forbidden_for_now",
  "no_capacity",
  "never_fits",
] as const;

type Reason = NonNullable<Instance["reason"]>;

/** Why an instance is as it is, as whole sentences. A code that this UI does not know keeps the server's words. */
export function reasonText(reason: Reason): string {
  const known = whole.find((it) => it === reason.code);
  if (known !== undefined) return t(`reason.${known}`);
  const detailed = particular.find((it) => it === reason.code);
  return detailed === undefined
    ? sentence(reason.text)
    : `${t(`reason.${detailed}`)} ${queueFigures(reason.text) ?? sentence(reason.text)}`;
}

/** The placer looks every two seconds: after this long without a word it is not there. */
const unseenMs = 10_000;

/** Why an instance is as it is, or waits; null where there is nothing to say. `nowMs`: the server's time. */
export function whyText(instance: Instance, nowMs: number): string | null {
  if (instance.reason !== null) return reasonText(instance.reason);
  const since = instance.timeline.find((it) => it.phase === "queued")?.at ?? null;
  const waitsUnseen =
    instance.state === "queued" && since !== null && nowMs - Date.parse(since) > unseenMs;
  return waitsUnseen ? t("queue.unseen") : null;
}

/** The server writes reasons as parts of a sentence: "stopped by its owner". */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const [first = ""] = trimmed;
  const end = /[.!?…]$/u.test(trimmed) ? "" : ".";
  return first.toLocaleUpperCase() + trimmed.slice(first.length) + end;
}
