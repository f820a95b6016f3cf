/** What is wrong with a reservation's form, by its field. */
import { ApiError } from "../../../api/errors.ts";
import { t } from "../../../messages/rules.ts";
import { faultsFrom, type Faults } from "../faults.ts";
import { selectorFault } from "../rules/selector-fault.ts";
import { missingIn, type Entries } from "./reservation-entries.ts";

export type Field = "title" | "subject" | "from" | "until" | "seats" | "size" | "selector";
/** Something in the form is wrong and nothing was sent. */
export class Unsendable extends Error {
  readonly faults: Faults<Field>;
  constructor(faults: Faults<Field>) {
    super("the form has faults");
    this.faults = faults;
  }
}

/** What can be seen without asking the server. */
export function faultsIn(it: Entries): Faults<Field> {
  const missing = new Set<string>(missingIn(it));
  return {
    ...(missing.has("title") ? { title: t("reservations.needTitle") } : {}),
    ...(missing.has("subject") ? { subject: t("reservations.needSubject") } : {}),
    ...(missing.has("from") ? { from: t("admin.timeWrong") } : {}),
    ...(missing.has("until")
      ? { until: it.until === null ? t("admin.timeWrong") : t("rules.untilFirst") }
      : {}),
    ...(missing.has("seats") ? { seats: t("reservations.needSeats") } : {}),
    ...(missing.has("cpus") || missing.has("memoryBytes")
      ? { size: t("reservations.needSize") }
      : {}),
    ...(selectorFault(it.selector) === null ? {} : { selector: t("rules.fault.selector") }),
  };
}

export function faultsOf(error: unknown): Faults<Field> {
  if (error instanceof Unsendable) {
    return error.faults;
  }
  const problem = error instanceof ApiError ? error.problem : null;
  return faultsFrom<Field>(
    error,
    {
      title: t("reservations.needTitle"),
      subject: t("reservations.noSubject"),
      from: t("admin.timeWrong"),
      until: t("rules.untilFirst"),
      seats: t("reservations.needSeats"),
      size: t("reservations.needSize"),
      selector: t("rules.fault.selector"),
    },
    {
      reservation_too_large: { size: tooLargeText(problem) },
      reservation_cancelled: { title: t("reservations.wasCancelled") },
    },
  );
}

/** How much is asked for, and how much there could ever be. */
function tooLargeText(problem: object | null): string {
  const { seats, couldHold, nodes } = { seats: 0, couldHold: 0, nodes: 0, ...problem };
  return t("reservations.tooLarge", { seats, most: couldHold, count: nodes });
}
