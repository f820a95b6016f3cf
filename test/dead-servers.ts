/** Servers of which nothing comes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { createInterface } from "node:readline";

export interface DeadServer {
  readonly issuer: string;
  /** Whether it gets to see what is asked. */
  readonly hears: boolean;
  close(): Promise<void>;
}

/** It takes connections and never says a word. */
export async function silentServer(onAsked: () => Promise<void>): Promise<DeadServer> {
  const sockets = new Set<Socket>();
  const seen: Promise<void>[] = [];
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => socket.destroy()).resume());
    seen.push(onAsked());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hears: true,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await Promise.allSettled(seen);
    },
  };
}

/** A listener with room for one who waits; it never takes anybody in, as it is stopped. */
const listener = `
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));`;

/** Connections to it come to nothing, and nothing tells so: its queue is full, and the kernel drops what comes. */
export async function unreachableServer(): Promise<DeadServer> {
  const child = spawn(process.execPath, ["-e", listener], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(createInterface(child.stdout), "line")) as [string];
  child.kill("SIGSTOP");
  const waiting: Socket[] = [];
  for (;;) {
    const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
    waiting.push(socket);
    const full = await Promise.race([
      once(socket, "connect").then(() => false),
      // Within a machine whoever gets in does so at once.
      new Promise<boolean>((resolve) => setTimeout(resolve, 500, true)),
    ]);
    if (full) break;
  }
  return {
    issuer: `http://127.0.0.1:${port}`,
    hears: false,
    async close() {
      for (const socket of waiting) socket.destroy();
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}
