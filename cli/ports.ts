import { once } from "node:events";
import { createServer } from "node:net";
import { systemCode } from "./failure.ts";

export type PortState = "free" | "taken" | "forbidden" | "no_such_address";

/** Whether we could listen there now. */
export async function probePort(host: string, port: number): Promise<PortState> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return "free";
  } catch (error) {
    const code = systemCode(error);
    if (code === "EADDRINUSE") return "taken";
    if (code === "EACCES") return "forbidden";
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return "no_such_address";
    throw error;
  } finally {
    server.close();
  }
}

/**
 * A port that is free on 127.0.0.1 now, below the range that the kernel takes for outgoing connections, so that a
 * server that comes back to it a moment later finds it free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await probePort("127.0.0.1", port)) === "free") return port;
  }
}
