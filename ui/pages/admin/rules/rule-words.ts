/** Rules and what becomes of requests, in a few words. */
import type { AdminRule } from "../../../../gateway/rule-schemas.ts";
import type { Previewed, RulePreview } from "../../../../gateway/preview-schemas.ts";
import { durationText } from "../../../components/moment.tsx";
import { t } from "../../../messages/rules.ts";
import { effects } from "./then-fields.tsx";

export type Outcome = Previewed["before"];
export type Change = Previewed["change"];

/** "requires, prefers": what a rule does. */
export function doesText(then: AdminRule["then"]): string {
  const found = effects.filter((it) => then[it] !== undefined);
  return found.length === 0
    ? t("rules.doesNothing")
    : found.map((it) => t(`rules.does.${it}`)).join(", ");
}

/** Where a request goes, or how long it waits for that. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "placed":
      return outcome.waitMs !== null && outcome.waitMs >= 60_000
        ? t("rules.outcome.placedAfter", {
            node: outcome.node ?? "",
            wait: durationText(outcome.waitMs),
          })
        : (outcome.node ?? t("rules.outcome.placed"));
    case "waits":
      return outcome.waitMs === null
        ? t("rules.outcome.waits")
        : t("rules.outcome.waitsFor", { wait: durationText(outcome.waitMs) });
    case "refused":
      return t("rules.outcome.refused");
  }
}

/** How many requests are no longer as they were. */
export function changedCount({ summary }: RulePreview): number {
  return summary.considered - summary.same;
}
