/** Stands between a controller and the engine, and tells of one kind of call just before its answer passes. */
import { rm } from "node:fs/promises";
import { connect, createServer } from "node:net";

export interface EngineProxy {
  /** For DOCKER_HOST. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * @param path of the proxy's own socket
 * @param call a request line's beginning, e.g. `POST /containers/create`, without the API version
 * @param onAnswer runs when the engine has answered the first such call, before the caller hears of it
 */
export async function startEngineProxy(
  path: string,
  call: RegExp,
  onAnswer: () => void,
): Promise<EngineProxy> {
  await rm(path, { force: true });
  let told = false;
  const server = createServer((client) => {
    const engine = connect("/var/run/docker.sock");
    let asked = false;
    client.on("data", (chunk: Buffer) => {
      if (call.test(chunk.toString("latin1"))) asked = true;
      engine.write(chunk);
    });
    engine.on("data", (chunk: Buffer) => {
      if (asked && !told) {
        told = true;
        onAnswer();
        // The caller is dead or must believe so: it does not get this answer.
        client.destroy();
        engine.destroy();
        return;
      }
      client.write(chunk);
    });
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(path, () => resolve()));
  return {
    url: `unix://${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
