/** A way to the engine that can be cut: to those who take it, the engine is then stopped. */
import { rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";

export interface EngineSwitch {
  /** For DOCKER_HOST. */
  readonly url: string;
  /** Cuts what is open; nothing answers at the address any more. */
  off(): Promise<void>;
  on(): Promise<void>;
}

/** @param path of its socket; begins switched on */
export async function createEngineSwitch(path: string): Promise<EngineSwitch> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const engine = connect("/var/run/docker.sock");
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
    client.pipe(engine).pipe(client);
  });
  const on = async (): Promise<void> => {
    await rm(path, { force: true });
    await new Promise<void>((resolve) => server.listen(path, () => resolve()));
  };
  await on();
  return {
    url: `unix://${path}`,
    on,
    async off() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      for (const it of open) it.destroy();
      await closed;
    },
  };
}
