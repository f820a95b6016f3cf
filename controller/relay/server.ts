/** The relay's listener: checks a ticket, redeems it, dials the desktop, and bridges. */
import { loggable } from "../../db/errors.ts";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import type { Socket } from "node:net";
import type { Db } from "../../db/client.ts";
import { redeemTicket, type GrantEnd, type Redeemed } from "../../db/tickets.ts";
import { BufferPool } from "../../wire/buffers.ts";
import { closeCodes, type CloseCode } from "../../wire/close-codes.ts";
import { writeProblem } from "../../wire/problem.ts";
import { readHandshake, switchingProtocols } from "../../wire/upgrade.ts";
import type { Log } from "../log.ts";
import { bridge, type Bridge } from "./bridge.ts";
import { createInputWatch } from "./input-watch.ts";
import { Keepalive } from "./keepalive.ts";
import { connectUpstream } from "./upstream.ts";
import { viewersRules } from "./view-filter.ts";
import type { TicketVerifier } from "./verify.ts";

export interface RelayOptions {
  readonly db: Db;
  readonly nodeId: string;
  readonly runDir: string;
  readonly verify: TicketVerifier;
  readonly log: Log;
}

interface OpenStream {
  readonly instanceId: string;
  readonly bridge: Bridge;
  notedInputAt: number;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

const closeOf: Record<GrantEnd, CloseCode> = {
  revoked: closeCodes.grantEnded,
  disabled: closeCodes.grantEnded,
  signed_out: closeCodes.grantEnded,
  ended: closeCodes.desktopEnded,
};

export class Relay {
  readonly server: Server;
  readonly #options: RelayOptions;
  readonly #open = new Map<string, OpenStream>();
  /** Every stream, from its request on until it is closed. */
  readonly #served = new Set<Promise<void>>();
  readonly #pool = new BufferPool();
  readonly #keepalive = new Keepalive();
  #stopping = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    // What is no upgrade has no business here.
    this.server = createServer((_request, response) => response.writeHead(404).end());
    this.server.on("upgrade", (request: IncomingMessage, client: Socket, head: Buffer) => {
      client.on("error", () => client.destroy());
      const served = this.#accept(request, client, head).catch((error: unknown) => {
        const refusal = error instanceof Refusal ? error : new Refusal(503, "desktop_unreachable");
        if (!(error instanceof Refusal))
          options.log.warn(
            { err: loggable(error), code: String((error as { code?: unknown }).code ?? "") },
            "a desktop was not reached",
          );
        writeProblem(client, { status: refusal.status, code: refusal.code });
      });
      this.#served.add(served);
      void served.finally(() => this.#served.delete(served));
    });
  }

  /** The tickets of open streams. */
  grants(): string[] {
    return [...this.#open.keys()];
  }

  /** Ends the streams whose grant has died. */
  endGrants(dead: readonly { jti: string; why: GrantEnd }[]): void {
    for (const { jti, why } of dead) this.#open.get(jti)?.bridge.close(closeOf[why]);
  }

  /** When people last worked in which instance, as far as not told before. */
  takeActivity(): { instanceId: string; at: Date }[] {
    const seen: { instanceId: string; at: Date }[] = [];
    for (const stream of this.#open.values()) {
      const at = stream.bridge.stats().lastInputAt;
      if (at === undefined || at <= stream.notedInputAt) continue;
      stream.notedInputAt = at;
      seen.push({ instanceId: stream.instanceId, at: new Date(at) });
    }
    return seen;
  }

  /**
   * Takes nothing new and closes every stream with the code on which viewers reconnect, those that
   * are being opened as well. Resolves when all are closed.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.server.close();
    for (const { bridge: it } of this.#open.values()) it.close(closeCodes.relayRestarting);
    await Promise.all(this.#served);
    this.#keepalive.close();
    this.server.closeAllConnections();
  }

  async #redeem(protocols: readonly string[]): Promise<{ jti: string; grant: Redeemed }> {
    const ticket = protocols.find((it) => it.startsWith("ticket."))?.slice("ticket.".length);
    if (!ticket) throw new Refusal(401, "ticket_missing");
    const claims = await this.#options.verify(ticket);
    if (!claims) throw new Refusal(401, "ticket_forged");
    const grant = await redeemTicket(this.#options.db, claims.jti, this.#options.nodeId);
    if (typeof grant === "string")
      throw new Refusal(401, grant === "ticket_unknown" ? "ticket_revoked" : grant);
    return { jti: claims.jti, grant };
  }

  async #accept(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    // Before the ticket is spent.
    if (this.#stopping) throw new Refusal(503, "relay_restarting");
    const handshake = readHandshake(request);
    if (!handshake) throw new Refusal(400, "malformed");
    const { jti, grant } = await this.#redeem(handshake.protocols);
    // Anything unknown gets less. The password that was redeemed is the other wall: Xvnc's own.
    const viewOnly = grant.permission !== "control";
    const upstream = await connectUpstream({
      root: join(this.#options.runDir, "d", `${grant.instanceId}-${grant.incarnation}`),
      name: "vnc/vnc.sock",
      password: Buffer.from(grant.vncPassword, "latin1"),
      pool: this.#pool,
    });
    client.setNoDelay(true);
    client.write(switchingProtocols(handshake.key));
    const stream = bridge({
      client,
      head,
      upstream,
      keepalive: this.#keepalive,
      ...(viewOnly ? viewersRules() : { isInput: createInputWatch() }),
    });
    this.#open.set(jti, {
      instanceId: grant.instanceId,
      bridge: stream,
      notedInputAt: stream.stats().lastInputAt,
    });
    if (this.#stopping) stream.close(closeCodes.relayRestarting);
    const { by, code } = await stream.closed.finally(() => this.#open.delete(jti));
    this.#options.log.info({ instance: grant.instanceId, by, code }, "a stream ended");
  }
}
