/**
 * Who may open a desktop's WebSocket: everything that is judged before the upgrade, in the contract's
 * order. The same on every runtime; how the sockets are then joined is not.
 */
import { findTicketSubject } from "../../db/tickets.ts";
import type { Deps, Peer } from "../deps.ts";
import { ProblemError } from "../problem.ts";
import { ticketProblem, verifyTicket } from "../tickets.ts";

export interface Admitted {
  readonly instanceId: string;
  readonly nodeName: string;
  readonly relayUrl: string;
  /** The subprotocols for the relay, the ticket among them. */
  readonly protocols: string[];
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A JWT in compact form is three Base64url parts; ours is some 600 bytes. */
const ticketForm = /^ticket\.([\w-]{1,1000}\.[\w-]{1,2000}\.[\w-]{1,500})$/;

function readTicket(protocols: readonly string[]): string {
  const offered = protocols.filter((it) => it.startsWith("ticket."));
  if (offered.length === 0) throw ticketProblem("ticket_missing");
  const ticket = ticketForm.exec(offered[0] ?? "")?.[1];
  if (offered.length > 1 || !ticket) throw ticketProblem("ticket_malformed");
  return ticket;
}

/**
 * @param path the request's path, `/vnc/<instanceId>`
 * @throws ProblemError 403 foreign Origin; 401 ticket; 400 no `binary`; 404 unknown; 409 not running;
 * 503 the node has no relay
 */
export async function admitStream(
  deps: Pick<Deps, "db" | "keys">,
  request: { path: string; origin: string | undefined; protocols: readonly string[]; peer: Peer },
): Promise<Admitted> {
  if (request.origin !== undefined && request.origin !== request.peer.origin)
    throw new ProblemError(
      403,
      "origin_foreign",
      "This connection was opened by another site's page.",
    );
  const claims = await verifyTicket(deps.keys, readTicket(request.protocols));
  const instanceId = request.path.replace(/^\/vnc\//, "");
  const known = uuid.test(instanceId);
  const subject = await findTicketSubject(
    deps.db,
    claims.jti,
    known ? instanceId : claims.instance,
  );
  if (!subject) throw ticketProblem("ticket_revoked");
  // Our copy of the keys may be older than its retirement.
  if (subject.keyRetired) throw ticketProblem("ticket_forged");
  if (subject.expired) throw ticketProblem("ticket_expired");
  if (subject.used) throw ticketProblem("ticket_used");
  if (claims.instance !== instanceId) throw ticketProblem("ticket_instance");
  if (!request.protocols.includes("binary"))
    throw new ProblemError(400, "binary_missing", "The subprotocol `binary` has to be offered.");
  if (!subject.instance)
    throw new ProblemError(404, "not_found", "There is no such instance any more.");
  if (subject.state !== "running" || subject.currentIncarnation !== claims.incarnation)
    throw new ProblemError(
      409,
      "not_running",
      `The instance is ${subject.state}, or was started anew since.`,
    );
  if (!subject.relayUrl || !subject.nodeName)
    throw new ProblemError(503, "node_unreachable", "The node that holds it has no relay now.");
  return {
    instanceId,
    nodeName: subject.nodeName,
    relayUrl: subject.relayUrl,
    protocols: ["binary", ...request.protocols.filter((it) => it.startsWith("ticket."))],
  };
}
