import type { Socket } from "node:net";
import type { BufferPool } from "../../wire/buffers.ts";
import { Pump } from "../../wire/pump.ts";
import { dialUnix } from "../dial.ts";
import { RfbAuthError, VncAuthClient } from "./rfb-auth.ts";

/** A connection to a desktop's VNC server that waits for ClientInit. */
export interface Upstream {
  readonly socket: Socket;
  readonly pump: Pump;
}

/** Where a desktop's VNC server is, and how it is spoken to. */
export interface UpstreamOptions {
  /** The incarnation's folder, which only trusted parties write to. */
  readonly root: string;
  /** The socket's name below it; the parts of it may belong to the container. */
  readonly name: string;
  /** Exactly 8 bytes: the control password or the view-only one. */
  readonly password: Uint8Array;
  readonly pool: BufferPool;
  readonly signal?: AbortSignal;
  /** Default 2000. */
  readonly connectTimeoutMs?: number;
  /** For the whole RFB handshake; default 5000. */
  readonly handshakeTimeoutMs?: number;
}

/**
 * Dials a desktop's VNC server and signs in with VncAuth. Throws `DialError` and
 * {@link RfbAuthError}; nothing is left open then.
 */
export async function connectUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { root, name, pool, signal, connectTimeoutMs } = options;
  const pump = new Pump(pool);
  const socket = await dialUnix(root, name, {
    onread: pump.onread,
    ...(signal && { signal }),
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
  });
  pump.attach(socket);
  try {
    await signIn({ socket, pump }, options);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return { socket, pump };
}

function signIn(upstream: Upstream, options: UpstreamOptions): Promise<void> {
  const { socket, pump } = upstream;
  const { password, signal, handshakeTimeoutMs = 5000 } = options;
  const auth = new VncAuthClient(password);
  return new Promise((resolve, reject) => {
    const settle = (done: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onGone);
      socket.off("end", onGone).off("close", onGone).off("error", onGone);
      done();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const onGone = (): void =>
      fail(new RfbAuthError("closed", "the connection ended within the handshake"));
    const timer = setTimeout(
      () => fail(new RfbAuthError("timeout", `no answer in ${handshakeTimeoutMs} ms`)),
      handshakeTimeoutMs,
    );
    signal?.addEventListener("abort", onGone, { once: true });
    socket.on("end", onGone).on("close", onGone).on("error", onGone);
    pump.consume((chunk) => {
      try {
        const { send, done } = auth.push(chunk);
        for (const bytes of send) socket.write(bytes);
        if (!done) return;
        pump.hold(auth.takeRest());
        settle(resolve);
      } catch (error) {
        pump.hold();
        fail(error);
      }
    });
    if (signal?.aborted === true || socket.readableEnded || socket.destroyed) onGone();
  });
}
