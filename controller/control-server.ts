/** The controller's own port: pokes from the placer, and metrics. It gives no orders and takes none. */
import { rm } from "node:fs/promises";
import { createServer, request } from "node:http";

export interface ControlServer {
  close(): Promise<void>;
}

/** `unix:/path` as what Node listens on and connects to. */
function socketPath(url: string): string {
  if (!url.startsWith("unix:/")) throw new Error(`"${url}" is no unix: address`);
  return url.slice("unix:".length);
}

export async function startControlServer(
  url: string,
  handlers: { poke(): void; metrics(): string },
): Promise<ControlServer> {
  const path = socketPath(url);
  // A socket file outlives a killed process; nobody else listens in our own run folder.
  await rm(path, { force: true });
  const server = createServer((req, res) => {
    if (req.method === "POST" && req.url === "/poke") {
      handlers.poke();
      res.writeHead(204).end();
    } else if (req.method === "GET" && req.url === "/metrics") {
      res.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(handlers.metrics());
    } else {
      res.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => resolve());
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Tells a controller that there is work. A poke that is lost only costs time: controllers poll. */
export function poke(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath: socketPath(url), path: "/poke", method: "POST", timeout: 1000 },
      (res) => {
        res.resume();
        resolve();
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer")));
    call.on("error", reject);
    call.end();
  });
}
