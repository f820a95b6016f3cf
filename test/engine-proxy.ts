/** Stands between a controller and the engine, and cuts one call of a kind off. */
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
 * @param onAnswer runs when the engine has answered the first such call; the caller does not hear of it
 * @param options.engine the engine's socket; default: the host's
 * @param options.refuse the engine does not hear of that call either, and `onAnswer` runs when it is made
 */
export async function startEngineProxy(
  path: string,
  call: RegExp,
  onAnswer: () => void,
  { engine: target = "/var/run/docker.sock", refuse = false } = {},
): Promise<EngineProxy> {
  await rm(path, { force: true });
  let told = false;
  const server = createServer((client) => {
    const engine = connect(target);
    let asked = false;
    const cut = () => {
      told = true;
      onAnswer();
      client.destroy();
      engine.destroy();
    };
    client.on("data", (chunk: Buffer) => {
      if (call.test(chunk.toString("latin1"))) asked = true;
      if (asked && !told && refuse) cut();
      else engine.write(chunk);
    });
    engine.on("data", (chunk: Buffer) => {
      if (asked && !told) cut();
      else client.write(chunk);
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
