import type { Buffer } from "node:buffer";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type CloseCode, closeCodes } from "../../wire/close-codes.ts";
import { FrameTracker } from "../../wire/frame-track.ts";
import type { Pump } from "../../wire/pump.ts";
import { closeFrame } from "../../wire/ws-frame.ts";

/** Two sockets that are now one stream. */
export interface JoinedStream {
  /** Settles once, when both sockets are closed; never rejects. */
  readonly closed: Promise<JoinEnd>;
  /**
   * Puts a close frame between two of the relay's frames, waits for the client's answer a moment,
   * and ends both sockets. Later calls do nothing.
   */
  close(close: CloseCode): void;
  /** Ends both sockets at once. */
  destroy(): void;
  stats(): JoinStats;
}

/** Who ended a joined stream. */
export interface JoinEnd {
  readonly by: "client" | "upstream" | "gateway";
}

/** Bytes that passed after the handshake, frames included. */
export interface JoinStats {
  readonly toClientBytes: number;
  readonly toUpstreamBytes: number;
}

/** The sockets, after the 101 was written to the client. */
export interface SpliceOptions {
  readonly client: Duplex;
  /** What the client sent behind its request. */
  readonly head: Buffer;
  readonly upstream: Socket;
  /** Reads `upstream`; holds what came behind its head. */
  readonly pump: Pump;
  /** How long a frame under way, and the client's own close, may take; default 3000. */
  readonly closeTimeoutMs?: number;
}

/**
 * Moves bytes between two joined sockets with backpressure. The relay's frame headers are followed
 * as they pass (a subtraction for most reads), so that a close frame can be put between two frames
 * when the gateway drains, and when the relay is lost in mid-stream without one.
 */
export function splice(options: SpliceOptions): JoinedStream {
  return new Splice(options);
}

class Splice implements JoinedStream {
  readonly closed: Promise<JoinEnd>;
  readonly #client: Duplex;
  readonly #upstream: Socket;
  readonly #pump: Pump;
  readonly #tracker = new FrameTracker();
  readonly #closeTimeoutMs: number;
  #settle: (end: JoinEnd) => void = () => {};
  #endedBy: JoinEnd["by"] | undefined;
  #openSockets = 2;
  #deadline: NodeJS.Timeout | undefined;
  #pendingClose: CloseCode | undefined;
  #toUpstreamBytes = 0;

  constructor(options: SpliceOptions) {
    this.#client = options.client;
    this.#upstream = options.upstream;
    this.#pump = options.pump;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 3000;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#watchSockets();
    if (options.head.length > 0) this.#toUpstream(options.head);
    this.#client.on("data", (chunk: Buffer) => this.#toUpstream(chunk));
    this.#upstream.on("drain", () => this.#client.resume());
    this.#pump.pipe(this.#client, (whole, start, end) => this.#passing(whole, start, end));
  }

  close(close: CloseCode): void {
    if (this.#pendingClose !== undefined || this.#endedBy !== undefined) return;
    this.#pendingClose = close;
    this.#endedBy = "gateway";
    this.#startDeadline();
    if (this.#tracker.atBoundary) this.#cut();
  }

  destroy(): void {
    this.#endedBy ??= "gateway";
    this.#client.destroy();
    this.#upstream.destroy();
  }

  stats(): JoinStats {
    return { toClientBytes: this.#pump.bytes, toUpstreamBytes: this.#toUpstreamBytes };
  }

  #watchSockets(): void {
    const client = this.#client;
    const upstream = this.#upstream;
    if (client instanceof Socket) client.setNoDelay(true);
    client.on("error", () => this.#ended("client"));
    client.on("end", () => this.#clientEnded());
    client.on("close", () => {
      this.#ended("client");
      this.#socketClosed();
    });
    upstream.on("error", () => this.#upstreamEnded());
    upstream.on("end", () => this.#upstreamEnded());
    upstream.on("close", () => {
      this.#upstreamEnded();
      this.#socketClosed();
    });
    if (client.closed) this.#openSockets -= 1;
    if (upstream.closed) this.#openSockets -= 1;
    if (client.destroyed) this.#ended("client");
    if (upstream.destroyed) this.#upstreamEnded();
    if (this.#openSockets === 0) this.#finish();
  }

  #toUpstream(chunk: Buffer): void {
    if (!this.#upstream.writable) return;
    this.#toUpstreamBytes += chunk.length;
    if (!this.#upstream.write(chunk)) this.#client.pause();
  }

  #passing(whole: Buffer, start: number, end: number): Buffer {
    if (this.#pendingClose === undefined) {
      this.#tracker.advance(whole, start, end);
      return whole.subarray(start, end);
    }
    const boundary = this.#tracker.advanceToBoundary(whole, start, end);
    if (this.#tracker.atBoundary) {
      this.#pump.stop();
      // After this part is written.
      queueMicrotask(() => this.#cut());
    }
    return whole.subarray(start, boundary);
  }

  /** At a boundary: the relay's last word is ours. */
  #cut(): void {
    this.#pump.stop();
    const close = this.#pendingClose ?? closeCodes.upstreamLost;
    if (this.#client.writable && !this.#tracker.sawClose) {
      this.#client.write(closeFrame(close.code, close.reason));
    }
    this.#upstream.destroy();
    // The client's answer is dropped; its end is what is waited for.
    this.#client.resume();
    if (this.#client.writable) this.#client.end();
    this.#startDeadline();
  }

  /** The client sends no more; what the relay still has for it may come. */
  #clientEnded(): void {
    this.#endedBy ??= "client";
    if (this.#upstream.writable) this.#upstream.end();
    this.#startDeadline();
  }

  #upstreamEnded(): void {
    if (this.#endedBy === undefined) {
      this.#endedBy = "upstream";
      if (this.#tracker.atBoundary) this.#cut();
    }
    if (this.#client.writable) this.#client.end();
    this.#startDeadline();
    if (this.#client.readableEnded || this.#upstream.destroyed) this.#upstream.destroy();
  }

  /** One socket is gone for good, the other follows. */
  #ended(by: JoinEnd["by"]): void {
    this.#endedBy ??= by;
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #startDeadline(): void {
    this.#deadline ??= setTimeout(() => this.destroy(), this.#closeTimeoutMs);
  }

  #socketClosed(): void {
    this.#openSockets -= 1;
    if (this.#openSockets === 0) this.#finish();
  }

  #finish(): void {
    clearTimeout(this.#deadline);
    this.#settle({ by: this.#endedBy ?? "gateway" });
  }
}
