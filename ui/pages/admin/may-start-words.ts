import type { MayStart, MayStartQuestion } from "../../api/admin-calls.ts";
import { t } from "../../messages/admin.ts";

/** What decided it, in a sentence. */
export function whyWords(answer: MayStart, question: MayStartQuestion): string {
  const { user, environment, experiment } = question;
  if (answer.allowed) return answer.via === null ? "" : t(`mayStart.via.${answer.via}`);
  switch (answer.reason) {
    case null:
      return "";
    case "person_disabled":
      return t("mayStart.reason.person_disabled", { user });
    case "unknown_environment":
      return t("mayStart.reason.unknown_environment", { environment });
    case "not_entitled":
      return t("mayStart.reason.not_entitled", { user });
    case "unknown_version":
      return t("mayStart.reason.unknown_version");
    case "unknown_experiment":
      return t("mayStart.reason.unknown_experiment", { experiment });
    case "not_a_member":
      return t("mayStart.reason.not_a_member", { user, experiment });
    case "not_for_experiment":
      return t("mayStart.reason.not_for_experiment", { experiment });
    case "experiment_needed":
      return t("mayStart.reason.experiment_needed");
  }
}
