import { once } from "node:events";
import { createServer } from "node:net";
import { Failure, systemCode } from "./failure.ts";

type PortState = "free" | "taken" | "forbidden" | "no_such_address";

/** Whether we could listen there now. */
async function probePort(host: string, port: number): Promise<PortState> {
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

/**
 * Says so where the site could not listen on that address.
 * @throws Failure `port_taken`, `address_unusable`
 */
export async function checkAddress({ host, port }: { host: string; port: number }): Promise<void> {
  const state = await probePort(host, port);
  if (state === "taken") {
    throw new Failure(
      "port_taken",
      `Port ${port} on ${host} is taken by another program: end that, or set ASCI_PORT to a free one.`,
    );
  }
  if (state === "forbidden") {
    throw new Failure(
      "port_taken",
      `Port ${port} may not be used here: set ASCI_PORT to another one.`,
    );
  }
  if (state === "no_such_address") {
    throw new Failure(
      "address_unusable",
      `${host} is not an address of this machine: set ASCI_HOST to one that is, or to 0.0.0.0 for all.`,
    );
  }
}
