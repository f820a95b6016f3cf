import { Buffer } from "node:buffer";
import { type NetConnectOpts, Socket, connect } from "node:net";
import type { Duplex } from "node:stream";
import type { BufferPool } from "../../wire/buffers.ts";
import { HeadReader, type ResponseHead, parseResponseHead } from "../../wire/http-head.ts";
import { Pump } from "../../wire/pump.ts";
import { switchingProtocols } from "../../wire/upgrade.ts";
import {
  type UpstreamRequest,
  bodyBytes,
  faultOf101,
  parseProblem,
  upgradeRequestText,
} from "./head.ts";
import { type JoinedStream, splice } from "./splice.ts";

/** What to join, and where to. */
export interface JoinOptions {
  /** The raw socket of an `upgrade` event, to which nothing was written. */
  readonly clientSocket: Duplex;
  /** What the HTTP parser had read past the request's head. */
  readonly head: Buffer;
  readonly request: UpstreamRequest;
  /** `unix:/path` or `tcp:host:port` of the node's relay. */
  readonly upstream: string;
  readonly pool: BufferPool;
  /** For the connection; default 3000. */
  readonly connectTimeoutMs?: number;
  /** For the answer's head once connected; default 10,000. */
  readonly answerTimeoutMs?: number;
}

/** How a join went. But for `joined`, the client's socket is untouched: answer it. */
export type JoinResult =
  | { readonly kind: "joined"; readonly stream: JoinedStream }
  /** The relay answered, and said no. `problem`: its body where that was JSON; do not trust it. */
  | { readonly kind: "refused"; readonly status: number; readonly problem?: unknown }
  | {
      readonly kind: "unreachable";
      readonly reason: "bad_address" | "connect_failed" | "timeout" | "lost" | "bad_answer";
      /** For the log; holds no secret. */
      readonly detail: string;
    }
  /** The client went away meanwhile; its socket is destroyed. */
  | { readonly kind: "client_gone" };

const headLimitBytes = 16 * 1024;
const bodyLimitBytes = 64 * 1024;

/**
 * Asks a node's relay for the stream and joins the client's socket to it if, and only if, the
 * relay answers with a valid 101. Never rejects, but throws a RangeError synchronously where a
 * part of `request` could not stand in a header. What the client sends early waits in its socket,
 * at most what that buffers; nothing is lost.
 */
export function joinUpstream(options: JoinOptions): Promise<JoinResult> {
  const requestText = upgradeRequestText(options.request);
  const address = parseUpstream(options.upstream);
  if (address === undefined) {
    const detail = "neither unix:/path nor tcp:host:port";
    return Promise.resolve({ kind: "unreachable", reason: "bad_address", detail });
  }
  return new Promise((resolve) => new Joining(options, address, requestText, resolve).start());
}

/** The relay's address as `net.connect` takes it, or nothing where it has another form. */
export function parseUpstream(
  upstream: string,
): { path: string } | { host: string; port: number } | undefined {
  const path = /^unix:(\/.+)$/.exec(upstream)?.[1];
  if (path !== undefined) return { path };
  const [, host, port] = /^tcp:(?:\/\/)?(.+):([0-9]{1,5})$/.exec(upstream) ?? [];
  if (host === undefined || port === undefined || Number(port) > 0xffff) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/** One attempt, from the connection to its outcome. */
class Joining {
  readonly #options: JoinOptions;
  readonly #requestText: string;
  readonly #resolve: (result: JoinResult) => void;
  readonly #pump: Pump;
  readonly #upstream: Socket;
  readonly #headReader = new HeadReader(headLimitBytes);
  #refusal: { head: ResponseHead; body: Buffer[]; bodyBytes: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  #settled = false;

  constructor(
    options: JoinOptions,
    address: { path: string } | { host: string; port: number },
    requestText: string,
    resolve: (result: JoinResult) => void,
  ) {
    this.#options = options;
    this.#requestText = requestText;
    this.#resolve = resolve;
    this.#pump = new Pump(options.pool);
    const connectOptions: NetConnectOpts = {
      ...address,
      allowHalfOpen: true,
      onread: this.#pump.onread,
    };
    this.#upstream = connect(connectOptions);
    this.#pump.attach(this.#upstream);
  }

  start(): void {
    const { clientSocket, connectTimeoutMs = 3000 } = this.#options;
    if (clientSocket instanceof Socket) clientSocket.setTimeout(0);
    clientSocket.on("error", this.#clientGone);
    clientSocket.on("close", this.#clientGone);
    // A WebSocket client that sends no more before it was answered has gone.
    clientSocket.on("end", this.#clientGone);
    if (clientSocket.destroyed || clientSocket.readableEnded) this.#clientGone();
    this.#setTimer(connectTimeoutMs, "no connection");
    this.#pump.consume((chunk) => this.#answer(chunk));
    this.#upstream.setNoDelay(true);
    this.#upstream.on("error", this.#upstreamFailed);
    this.#upstream.on("end", this.#upstreamEnded);
    this.#upstream.on("close", this.#upstreamEnded);
    this.#upstream.once("connect", () => {
      this.#connected = true;
      this.#setTimer(this.#options.answerTimeoutMs ?? 10_000, "no answer");
      this.#upstream.write(this.#requestText, "latin1");
    });
  }

  #setTimer(delayMs: number, what: string): void {
    clearTimeout(this.#timer);
    if (this.#settled) return;
    this.#timer = setTimeout(() => {
      if (this.#refusal === undefined) this.#unreachable("timeout", `${what} in ${delayMs} ms`);
      else this.#refused();
    }, delayMs);
  }

  readonly #clientGone = (): void => {
    this.#options.clientSocket.destroy();
    this.#settle({ kind: "client_gone" });
  };

  readonly #upstreamFailed = (error: Error): void => {
    const code = "code" in error ? String(error.code) : error.name;
    this.#unreachable(this.#connected ? "lost" : "connect_failed", code);
  };

  readonly #upstreamEnded = (): void => {
    if (this.#refusal !== undefined) this.#refused();
    else this.#unreachable("lost", "closed without an answer");
  };

  #answer(chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#refusal !== undefined) {
      this.#addToBody(chunk);
      return;
    }
    try {
      const read = this.#headReader.push(chunk);
      if (read !== undefined) this.#answered(parseResponseHead(read.head), read.rest);
    } catch (error) {
      this.#unreachable("bad_answer", error instanceof Error ? error.message : "unreadable");
    }
  }

  #answered(head: ResponseHead, rest: Buffer): void {
    if (head.status === 101) {
      const fault = faultOf101(head, this.#options.request.key);
      if (fault !== undefined) this.#unreachable("bad_answer", `101 with ${fault}`);
      else this.#join(rest);
    } else if (head.status < 300) {
      // Neither an upgrade nor a refusal (RFC 6455, section 4.1, wants 101 and nothing else).
      this.#unreachable("bad_answer", `status ${head.status}`);
    } else {
      this.#refusal = { head, body: [], bodyBytes: 0 };
      this.#addToBody(rest);
    }
  }

  #addToBody(chunk: Buffer): void {
    const refusal = this.#refusal;
    if (refusal === undefined) return;
    refusal.body.push(chunk);
    refusal.bodyBytes += chunk.length;
    const expected = bodyBytes(refusal.head) ?? 0;
    if (refusal.bodyBytes >= expected || refusal.bodyBytes > bodyLimitBytes) this.#refused();
  }

  #refused(): void {
    const refusal = this.#refusal;
    if (refusal === undefined) return;
    const { head, body } = refusal;
    const expected = bodyBytes(head) ?? 0;
    const problem = parseProblem(head, Buffer.concat(body).subarray(0, expected));
    this.#settle({
      kind: "refused",
      status: head.status,
      ...(problem !== undefined && { problem }),
    });
  }

  #join(rest: Buffer): void {
    const { clientSocket, head, request } = this.#options;
    this.#pump.hold(rest);
    this.#release();
    clientSocket.write(switchingProtocols(request.key), "latin1");
    const stream = splice({
      client: clientSocket,
      head,
      upstream: this.#upstream,
      pump: this.#pump,
    });
    this.#resolve({ kind: "joined", stream });
  }

  #unreachable(
    reason: Extract<JoinResult, { kind: "unreachable" }>["reason"],
    detail: string,
  ): void {
    this.#settle({ kind: "unreachable", reason, detail });
  }

  /** Ends the attempt without a join. */
  #settle(result: JoinResult): void {
    if (this.#settled) return;
    this.#release();
    this.#pump.stop();
    this.#upstream.on("error", () => {}).destroy();
    // The caller's answer may fail too; an error without a listener would end the process.
    this.#options.clientSocket.on("error", () => {});
    this.#resolve(result);
  }

  #release(): void {
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#options.clientSocket
      .off("error", this.#clientGone)
      .off("close", this.#clientGone)
      .off("end", this.#clientGone);
    this.#upstream
      .off("error", this.#upstreamFailed)
      .off("end", this.#upstreamEnded)
      .off("close", this.#upstreamEnded);
  }
}
