import { ApiError, isGone } from "../../api/errors.ts";
import { t } from "../../messages/admin.ts";

interface Refusal {
  readonly what: string;
  readonly next: string;
}

/** What the rules of the administration refuse, and what to do instead; null where it is something else. */
export function refusalOf(error: unknown): Refusal | null {
  switch (error instanceof ApiError ? error.problem?.code : undefined) {
    case "beamline_in_use":
      return { what: t("beamlines.inUse"), next: t("beamlines.inUseNext") };
    case "experiment_in_use":
      return { what: t("experiments.inUse"), next: t("experiments.inUseNext") };
    case "role_missing":
      return { what: t("admin.roleMissing"), next: t("admin.roleMissingNext") };
    default:
      return isGone(error) ? { what: t("admin.gone"), next: t("admin.goneNext") } : null;
  }
}
