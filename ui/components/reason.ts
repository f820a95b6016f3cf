import type { Instance } from "../../gateway/schemas.ts";
import { t } from "../messages/messages.ts";

/** Reasons whose whole meaning is in the code: said in the reader's language. */
const whole = [
  "stopped_by_person",
  "restarting",
  "logged_out",
  "out_of_memory",
  "container_vanished",
  "no_nodes",
] as const;

/** Reasons with particulars: what they mean, and then the server's own words. */
const particular = [
  "node_lost",
  "desktop_silent",
  "container_exited",
  "container_error",
  "no_node_ready",
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
    : `${t(`reason.${detailed}`)} ${sentence(reason.text)}`;
}

/** The server writes reasons as parts of a sentence: "stopped by its owner". */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const [first = ""] = trimmed;
  const end = /[.!?…]$/u.test(trimmed) ? "" : ".";
  return first.toLocaleUpperCase() + trimmed.slice(first.length) + end;
}
