import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type Server, type Socket, createServer } from "node:net";
import { ByteQueue } from "./byte-queue.ts";
import { answerChallenge } from "./vnc-password.ts";

/** A stand-in for Xvnc on a unix socket: real opening handshake, then whatever `serve` does. */
export interface FakeVnc {
  readonly server: Server;
  /** Those that are connected. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/**
 * Listens on `path` and speaks RFB 3.8 with VncAuth up to ClientInit, then calls `serve` with the
 * socket and the flag that ClientInit carried. For tests and measurements.
 */
export async function fakeVnc(
  path: string,
  password: Uint8Array,
  serve: (socket: Socket, shared: number) => void,
): Promise<FakeVnc> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    greet(socket, password, serve);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    server,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function greet(
  socket: Socket,
  password: Uint8Array,
  serve: (socket: Socket, shared: number) => void,
): void {
  const challenge = randomBytes(16);
  const bytes = new ByteQueue();
  // Each step takes its message, and answers it; nothing while the message is incomplete.
  const steps: (() => boolean)[] = [
    () => take(12, () => socket.write(Buffer.from([1, 2]))),
    () => take(1, () => socket.write(challenge)),
    () =>
      take(16, (answer) => {
        if (answer.equals(answerChallenge(password, challenge))) socket.write(Buffer.alloc(4));
        else
          socket.end(Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, 5]), Buffer.from("wrong")]));
      }),
    () =>
      take(1, (init) => {
        socket.off("data", onData);
        socket.unshift(bytes.take(bytes.length) ?? Buffer.alloc(0));
        serve(socket, init[0] ?? 0);
      }),
  ];
  const take = (count: number, use: (message: Buffer) => void): boolean => {
    const message = bytes.take(count);
    if (message === undefined) return false;
    use(message);
    return true;
  };
  const onData = (chunk: Buffer): void => {
    bytes.push(chunk);
    while (steps[0]?.() === true) steps.shift();
  };
  socket.on("data", onData);
  socket.write("RFB 003.008\n");
}
