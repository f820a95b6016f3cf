import type { Entitlement } from "../../api/admin-calls.ts";
import { t } from "../../messages/admin.ts";

/** To whom an entitlement opens an environment. */
export function subjectWords({ kind, subject }: Pick<Entitlement, "kind" | "subject">): string {
  const name = subject ?? "";
  switch (kind) {
    case "everyone":
      return t("environments.everyone");
    case "beamline":
      return t("entitlement.beamline", { name });
    case "experiment":
      return t("entitlement.experiment", { name });
    case "group":
      return t("entitlement.group", { name });
    case "person":
      return t("entitlement.person", { name });
  }
}

export type Holding = "holds" | "not_yet" | "ended";

/** Whether its dates let it hold at a moment. */
export function holdingOf(
  { from, until }: Pick<Entitlement, "from" | "until">,
  nowMs: number,
): Holding {
  if (from !== null && nowMs < Date.parse(from)) return "not_yet";
  return until !== null && nowMs >= Date.parse(until) ? "ended" : "holds";
}
