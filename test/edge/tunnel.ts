/**
 * Stands where a tunnel's daemon stands on a node: what a Worker asks for by HTTP comes out at the
 * relay's own socket.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Tunnel {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  close(): Promise<void>;
}

const badGateway = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** @param relayPath the relay's socket; asked for anew by each connection */
export async function openTunnel(relayPath: () => Promise<string>): Promise<Tunnel> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    open.add(near);
    near.on("error", () => near.destroy());
    near.on("close", () => open.delete(near));
    void relayPath().then((path) => {
      const far = connect({ path, allowHalfOpen: true });
      let reached = false;
      far.on("connect", () => {
        reached = true;
        near.pipe(far).pipe(near);
      });
      far.on("error", () => {
        if (reached) near.destroy();
        else near.end(badGateway);
      });
      near.on("close", () => far.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
