/** What a client is told whose WebSocket is refused; the same on every runtime. */
import { sqlState } from "../../db/errors.ts";
import { ProblemError } from "../problem.ts";
import { ticketProblem } from "../tickets.ts";

/** How a relay did not take a stream. `problem` is its answer's body where that was JSON: not trusted. */
export type RelayRefusal =
  | { readonly kind: "refused"; readonly status: number; readonly problem?: unknown }
  | { readonly kind: "unreachable" };

/** What the relay's refusal means for the client. Its own words stay inside. */
export function refusalOf(result: RelayRefusal): ProblemError {
  const code =
    result.kind === "refused"
      ? (result.problem as { code?: unknown } | undefined)?.code
      : undefined;
  if (result.kind === "refused" && result.status === 401 && typeof code === "string")
    return ticketProblem(code);
  if (code === "not_running")
    return new ProblemError(409, "not_running", "The desktop is not running any more.");
  return new ProblemError(
    503,
    "node_unreachable",
    "The node that holds this desktop does not answer now. The desktop is most likely still running; try again.",
  );
}

export function nothingToUpgrade(): ProblemError {
  return new ProblemError(404, "not_found", "There is nothing to upgrade to at this address.");
}

/** For whatever went wrong before the sockets were joined. */
export function upgradeProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (sqlState(error)?.code.startsWith("22"))
    return new ProblemError(400, "malformed", "The request is not readable.");
  return new ProblemError(
    503,
    "unavailable",
    "The connection cannot be checked now. Try again in a moment.",
  );
}

/**
 * As they were offered, whether or not they are well formed: what is wrong with a ticket is told in
 * its turn.
 *
 * @param header the value of Sec-WebSocket-Protocol
 */
export function offeredProtocols(header: string | null | undefined): string[] {
  return (header ?? "")
    .split(",")
    .map((it) => it.trim())
    .filter(Boolean);
}
