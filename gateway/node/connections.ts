import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The connections of an HTTP server, so that it can be left without cutting what they carry. */
export interface Connections {
  /** From now on every answer asks its client to come back over another connection. */
  turnAway(): void;
  /**
   * Takes no new connection, closes those that carry nothing, and every other one after its answer.
   * Settles when none is left, WebSockets included.
   */
  close(): Promise<void>;
  /** Ends what is left at once. */
  cut(): void;
}

interface Carried {
  /** Requests without their whole answer; a connection that was upgraded carries one for ever. */
  open: number;
  /** Bytes read when the last request had been answered: more means that the next has begun. */
  settledBytes: number;
}

/** Follows a server's connections from its start on; call it before the server listens. */
export function followConnections(server: Server): Connections {
  const all = new Map<Socket, Carried>();
  const unanswered = new Set<ServerResponse>();
  let turningAway = false;
  let closing = false;

  function closeIfIdle(socket: Socket, carried: Carried): void {
    if (carried.open === 0 && socket.bytesRead === carried.settledBytes) socket.destroySoon();
  }

  server.on("connection", (socket: Socket) => {
    all.set(socket, { open: 0, settledBytes: 0 });
    socket.once("close", () => all.delete(socket));
  });
  server.on("upgrade", (_request: IncomingMessage, socket: Socket) => {
    const carried = all.get(socket);
    if (carried) carried.open += 1;
  });
  // Ahead of the application, which may answer at once.
  server.prependListener("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const carried = all.get(socket);
    if (!carried) return;
    carried.open += 1;
    unanswered.add(response);
    if (turningAway) response.setHeader("connection", "close");
    response.once("close", () => {
      unanswered.delete(response);
      carried.open -= 1;
      carried.settledBytes = socket.bytesRead;
      if (closing) closeIfIdle(socket, carried);
    });
  });

  return {
    turnAway() {
      turningAway = true;
      for (const response of unanswered)
        if (!response.headersSent) response.setHeader("connection", "close");
    },
    async close() {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const [socket, carried] of all) closeIfIdle(socket, carried);
      await closed;
    },
    cut() {
      for (const socket of all.keys()) socket.destroy();
    },
  };
}
