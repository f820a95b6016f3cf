import type { WishOutcome } from "../db/instances.ts";
import { ProblemError } from "./problem.ts";

/** Of a wish that the instance's state does not allow. */
export function stateForbids(
  { state, reason }: Extract<WishOutcome, { kind: "refused" }>,
  action: "stop" | "restart" | "extend",
): ProblemError {
  return new ProblemError(
    409,
    "state_forbids",
    `It is ${state}${reason ? ` (${reason})` : ""}, so ${action} is not possible now.`,
  );
}
