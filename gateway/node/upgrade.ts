import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { BufferPool } from "../../wire/buffers.ts";
import { closeCodes } from "../../wire/close-codes.ts";
import { writeProblem } from "../../wire/problem.ts";
import { readHandshake } from "../../wire/upgrade.ts";
import { loggable } from "../../db/errors.ts";
import type { Deps, Peer } from "../deps.ts";
import { problemDocument, ProblemError } from "../problem.ts";
import { admitStream } from "../stream/admit.ts";
import { joinUpstream } from "./join.ts";
import {
  nothingToUpgrade,
  offeredProtocols,
  refusalOf,
  upgradeProblem,
} from "../stream/refusal.ts";
import { withinTimeLimit } from "../time-limit.ts";
import type { JoinedStream } from "./splice.ts";

export interface Streams {
  /** How many desktops are connected through this process. */
  readonly size: number;
  /** Closes every stream with a code on which viewers reconnect elsewhere. */
  drain(): Promise<void>;
}

/**
 * The one upgrade listener. Refuses with a problem document before the upgrade, or joins the client's
 * socket with the node's relay; from then on bytes pass without being looked at.
 */
export function handleUpgrades(
  server: Server,
  deps: Deps,
  peerOf: (request: IncomingMessage) => Peer,
): Streams {
  const open = new Set<JoinedStream>();
  let draining = false;
  const pool = new BufferPool();

  function refuse(socket: Duplex, problem: ProblemError, requestId: string): void {
    writeProblem(socket, problemDocument(problem, requestId), {
      ...problem.headers,
      "x-request-id": requestId,
    });
  }

  async function connect(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    requestId: string,
  ) {
    // Before anything is spent: the ticket is as good at the next gateway.
    if (draining)
      throw new ProblemError(
        503,
        "gateway_draining",
        "This gateway is being restarted. Connect again in a moment.",
        { headers: { "retry-after": "1" } },
      );
    const [path = ""] = (request.url ?? "").split("?");
    if (!path.startsWith("/vnc/")) throw nothingToUpgrade();
    const admitted = await withinTimeLimit(
      admitStream(deps, {
        path,
        origin: request.headers.origin,
        protocols: offeredProtocols(request.headers["sec-websocket-protocol"]),
        peer: peerOf(request),
      }),
    );
    const handshake = readHandshake(request);
    if (!handshake) throw new ProblemError(400, "malformed", "This is no WebSocket handshake.");
    const result = await joinUpstream({
      clientSocket: socket,
      head,
      request: {
        path: `/vnc/${admitted.instanceId}`,
        key: handshake.key,
        protocols: admitted.protocols,
        requestId,
      },
      upstream: admitted.relayUrl as `unix:${string}`,
      pool,
    });
    if (result.kind === "client_gone") return;
    if (result.kind !== "joined") {
      if (result.kind === "unreachable")
        deps.log.warn(
          { requestId, node: admitted.nodeName, reason: result.reason },
          "relay out of reach",
        );
      throw refusalOf(result);
    }
    open.add(result.stream);
    void result.stream.closed.finally(() => open.delete(result.stream));
    if (draining) result.stream.close(closeCodes.gatewayDraining);
  }

  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const requestId = crypto.randomUUID();
    // At once: a client that goes away while we ask the database must not end the process.
    socket.on("error", () => socket.destroy());
    socket.setNoDelay(true);
    connect(request, socket, head, requestId).catch((error: unknown) => {
      const problem = upgradeProblem(error);
      if (!(error instanceof ProblemError))
        deps.log.error({ requestId, err: loggable(error) }, "an upgrade failed");
      refuse(socket, problem, requestId);
    });
  });

  return {
    get size() {
      return open.size;
    },
    async drain() {
      draining = true;
      const streams = [...open];
      for (const stream of streams) stream.close(closeCodes.gatewayDraining);
      await Promise.all(streams.map((it) => it.closed));
    },
  };
}
