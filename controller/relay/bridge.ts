import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type CloseCode, closeCodes } from "../../wire/close-codes.ts";
import { closeFrame, opcodes, serverFrame } from "../../wire/ws-frame.ts";
import { frameInPlace } from "./frames.ts";
import type { Keepalive, KeepaliveWatch } from "./keepalive.ts";
import type { Pace } from "./pace.ts";
import { PacedInput } from "./paced-input.ts";
import { BrowserHandshake } from "./rfb-auth.ts";
import { ClientFrameReader, FrameError } from "./unframe.ts";
import type { Upstream } from "./upstream.ts";

/** What a bridge joins, and by which rules. */
export interface BridgeOptions {
  /** The upgraded socket, after the 101 was written; nobody else reads or writes it any more. */
  readonly client: Duplex;
  /** What the HTTP parser had read past the request's head. */
  readonly head: Buffer;
  /** From `connectUpstream`. */
  readonly upstream: Upstream;
  readonly keepalive: Keepalive;
  /**
   * Sees the client's RFB bytes after ClientInit, in chunks of any split, and returns what goes to
   * the server. What it throws closes the connection as a protocol error.
   */
  readonly transformClient?: (chunk: Buffer) => readonly Uint8Array[];
  /** Whether a chunk of the client's RFB bytes holds a person's work; default: every one does. */
  readonly isInput?: (chunk: Buffer) => boolean;
  /** How fast the client is read; `transformClient` spends of it. Default: as fast as the desktop reads. */
  readonly pace?: Pace;
  /** For the browser's RFB handshake; default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** How long a client may take to read what is left and answer a close frame; default 3000. */
  readonly closeTimeoutMs?: number;
  /** Default `Date.now`. */
  readonly now?: () => number;
}

/** How a bridge ended: the code sent to the client, or the client's own. */
export interface BridgeEnd {
  readonly by: "client" | "desktop" | "relay";
  /** 1006 where the client went without a close frame. */
  readonly code: number;
  readonly reason: string;
}

/** What has passed so far. */
export interface BridgeStats {
  /** RFB bytes, without frames. */
  readonly toClientBytes: number;
  readonly toDesktopBytes: number;
  /** When the client last sent RFB bytes, by `now`; when the bridge began if it never did. */
  readonly lastInputAt: number;
}

/** A running bridge. */
export interface Bridge {
  /** Settles once, when both sockets are closed; never rejects. */
  readonly closed: Promise<BridgeEnd>;
  /** Sends a close frame after the frame that is under way, and ends. Later calls do nothing. */
  close(close: CloseCode): void;
  /** Ends both sockets at once. */
  destroy(): void;
  stats(): BridgeStats;
}

/**
 * Moves RFB between a browser's WebSocket and a desktop's VNC server until one of them ends: does
 * the browser's half of the RFB handshake, then puts the server's bytes into binary frames and
 * takes the client's out of theirs, with backpressure both ways and bounded memory.
 */
export function bridge(options: BridgeOptions): Bridge {
  return new RunningBridge(options);
}

class RunningBridge implements Bridge {
  readonly closed: Promise<BridgeEnd>;
  readonly #options: BridgeOptions;
  readonly #client: Duplex;
  readonly #desktop: Socket;
  readonly #handshake = new BrowserHandshake();
  readonly #reader: ClientFrameReader;
  readonly #paced: PacedInput | undefined;
  readonly #watch: KeepaliveWatch;
  readonly #now: () => number;
  #settle: (end: BridgeEnd) => void = () => {};
  #end: BridgeEnd | undefined;
  #stage: "handshake" | "open" | "closing" = "handshake";
  #openSockets = 2;
  #deadline: NodeJS.Timeout | undefined;
  #pendingPong: Buffer | undefined;
  #pingWaits = false;
  #toDesktopBytes = 0;
  #lastInputAt: number;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#desktop = options.upstream.socket;
    this.#now = options.now ?? Date.now;
    this.#lastInputAt = this.#now();
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#reader = new ClientFrameReader({
      data: (chunk) => this.#payload(chunk),
      ping: (payload) => this.#answerPing(payload),
      pong: () => {},
      close: (code, reason) => this.#clientClosed(code, reason),
    });
    this.#paced = options.pace && this.#pacedBy(options.pace);
    this.#watch = options.keepalive.watch({
      ping: () => this.#ping(),
      lost: () => this.#keepaliveLost(),
    });
    this.#start(options.head);
  }

  close(close: CloseCode): void {
    this.#close(close, "relay");
  }

  destroy(): void {
    this.#end ??= { by: "relay", code: 1006, reason: "destroyed" };
    this.#client.destroy();
    this.#desktop.destroy();
  }

  stats(): BridgeStats {
    return {
      toClientBytes: this.#options.upstream.pump.bytes,
      toDesktopBytes: this.#toDesktopBytes,
      lastInputAt: this.#lastInputAt,
    };
  }

  #start(head: Buffer): void {
    this.#watchSockets();
    if (this.#stage === "closing") return;
    this.#setDeadline(this.#options.handshakeTimeoutMs ?? 10_000, () =>
      this.#close(closeCodes.handshakeTimeout, "relay"),
    );
    this.#send(this.#handshake.greeting);
    const receive = (chunk: Buffer): void =>
      this.#paced ? this.#paced.receive(chunk) : this.#received(chunk);
    if (head.length > 0) receive(head);
    this.#client.on("data", receive);
    this.#desktop.on("drain", () => (this.#paced ? this.#paced.go() : this.#client.resume()));
    this.#client.on("drain", () => this.#flushPong());
  }

  #pacedBy(pace: Pace): PacedInput {
    return new PacedInput({
      source: this.#client,
      pace,
      take: (piece) => this.#received(piece),
      canTake: () => !this.#desktop.writableNeedDrain,
    });
  }

  #watchSockets(): void {
    const client = this.#client;
    const desktop = this.#desktop;
    if (client instanceof Socket) client.setNoDelay(true).setTimeout(0);
    client.on("error", () => this.#clientGone());
    client.on("end", () => this.#clientGone());
    client.on("close", () => {
      this.#clientGone();
      this.#socketClosed();
    });
    desktop.on("error", () => this.#close(closeCodes.upstreamLost, "desktop"));
    desktop.on("end", () => this.#close(closeCodes.desktopEnded, "desktop"));
    desktop.on("close", () => {
      this.#close(closeCodes.upstreamLost, "desktop");
      this.#socketClosed();
    });
    // What closed before anyone listened says nothing any more.
    if (client.closed) this.#openSockets -= 1;
    if (desktop.closed) this.#openSockets -= 1;
    if (client.destroyed || client.readableEnded) this.#clientGone();
    if (desktop.destroyed || desktop.readableEnded) {
      this.#close(closeCodes.upstreamLost, "desktop");
    }
    if (this.#openSockets === 0) this.#finish();
  }

  #received(chunk: Buffer): void {
    this.#watch.heard();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (error instanceof FrameError) this.#close(error.close, "client");
      else this.#close(closeCodes.protocolError, "client");
    }
    this.#flushPong();
  }

  #payload(chunk: Buffer): void {
    if (this.#stage === "open") this.#toDesktop(chunk);
    else if (this.#stage === "handshake") this.#continueHandshake(chunk);
  }

  #continueHandshake(chunk: Buffer): void {
    const { toBrowser, toServer, failed } = this.#handshake.push(chunk);
    for (const bytes of toBrowser) this.#send(bytes);
    if (failed !== undefined) this.#close(closeCodes.protocolError, "client");
    if (toServer === undefined) return;
    clearTimeout(this.#deadline);
    this.#stage = "open";
    this.#write(toServer);
    this.#options.upstream.pump.pipe(this.#client, frameInPlace, { gathering: true });
    const rest = this.#handshake.takeRest();
    if (rest.length > 0) this.#toDesktop(rest);
  }

  #toDesktop(chunk: Buffer): void {
    this.#options.upstream.pump.asked();
    if (this.#options.isInput?.(chunk) ?? true) this.#lastInputAt = this.#now();
    const { transformClient } = this.#options;
    if (transformClient === undefined) this.#write(chunk);
    else for (const part of transformClient(chunk)) this.#write(part);
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length === 0 || !this.#desktop.writable) return;
    this.#toDesktopBytes += bytes.length;
    if (!this.#desktop.write(bytes)) this.#client.pause();
  }

  #send(payload: Uint8Array): void {
    if (this.#client.writable) this.#client.write(serverFrame(opcodes.binary, payload));
  }

  #ping(): boolean {
    // While the desktop takes no input nothing is read from the client, its answers included.
    if (this.#stage === "closing" || !this.#client.writable || this.#client.isPaused())
      return false;
    // A second ping behind one that is still waiting would only take memory.
    if (!this.#pingWaits) {
      this.#pingWaits = true;
      this.#client.write(serverFrame(opcodes.ping, Buffer.alloc(0)), () => {
        this.#pingWaits = false;
      });
    }
    return true;
  }

  #keepaliveLost(): void {
    this.#end ??= { by: "client", ...closeCodes.keepaliveLost };
    this.#close(closeCodes.keepaliveLost, "client");
  }

  /** Answers only the last of the pings that were read at once, as RFC 6455, 5.5.3 allows. */
  #answerPing(payload: Buffer): void {
    if (this.#stage !== "closing") this.#pendingPong = payload;
  }

  /** Not while the client does not read. */
  #flushPong(): void {
    if (this.#pendingPong === undefined || this.#client.writableNeedDrain) return;
    const payload = this.#pendingPong;
    this.#pendingPong = undefined;
    if (this.#stage === "closing" || !this.#client.writable) return;
    this.#client.write(serverFrame(opcodes.pong, payload));
  }

  #clientClosed(code: number | undefined, reason: string): void {
    if (this.#stage === "closing") {
      // The answer to our close frame: the server closes TCP first (RFC 6455, 7.1.1).
      this.#client.end();
      return;
    }
    this.#end ??= { by: "client", code: code ?? 1005, reason };
    this.#close({ code: code ?? closeCodes.normal.code, reason: "" }, "client");
    this.#client.end();
  }

  #clientGone(): void {
    this.#end ??= { by: "client", code: 1006, reason: "" };
    this.#stage = "closing";
    this.#desktop.destroy();
    this.#client.destroy();
  }

  #close(close: CloseCode, by: BridgeEnd["by"]): void {
    if (this.#stage === "closing") return;
    this.#stage = "closing";
    this.#end ??= { by, code: close.code, reason: close.reason };
    this.#options.upstream.pump.stop();
    if (this.#client.writable) this.#client.write(closeFrame(close.code, close.reason));
    this.#desktop.destroy();
    // The answer must be read even if the desktop, or the pace, had us pause.
    if (this.#paced) this.#paced.unlimit();
    else this.#client.resume();
    this.#setDeadline(this.#options.closeTimeoutMs ?? 3000, () => this.#client.destroy());
  }

  #setDeadline(delayMs: number, act: () => void): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(act, delayMs);
  }

  #socketClosed(): void {
    this.#openSockets -= 1;
    if (this.#openSockets === 0) this.#finish();
  }

  #finish(): void {
    clearTimeout(this.#deadline);
    this.#paced?.stop();
    this.#watch.stop();
    this.#settle(this.#end ?? { by: "relay", code: 1006, reason: "" });
  }
}
