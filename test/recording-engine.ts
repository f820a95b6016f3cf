/**
 * An engine's address that answers as one with GPUs would and keeps what it is asked: the very bytes of
 * a request are looked at where no such machine is at hand.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface EngineCall {
  readonly method: string;
  /** Without the version of the API. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RecordingEngine {
  readonly socketPath: string;
  readonly calls: readonly EngineCall[];
  /** The body of the last call that made a container. */
  created(): EngineCall["body"] | undefined;
  close(): Promise<void>;
}

export interface RecordingOptions {
  /** What it says of itself. */
  readonly info: Readonly<Record<string, unknown>>;
  /** What it says to a start, where that does not work. */
  readonly startFault?: string;
  /** Until when it answers no pull; no registry has the image then. */
  readonly pulls?: Promise<void>;
}

const containerId = "c".repeat(64);

export async function startRecordingEngine(options: RecordingOptions): Promise<RecordingEngine> {
  const folder = await mkdtemp(join(tmpdir(), "asci-recording-"));
  const socketPath = join(folder, "engine.sock");
  const calls: EngineCall[] = [];
  const answer = ({ method, path }: EngineCall): readonly [number, unknown] => {
    if (path === "/info") return [200, options.info];
    if (method === "POST" && path === "/containers/create")
      return [201, { Id: containerId, Warnings: [] }];
    if (method === "POST" && path === `/containers/${containerId}/start`)
      return options.startFault ? [500, { message: options.startFault }] : [204, undefined];
    if (path === "/containers/json" || path === "/images/json") return [200, []];
    return [404, { message: `no such thing: ${path}` }];
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "").replace(/^\/v[\d.]+/, "").split("?")[0] ?? "";
    const sent = await text(request);
    const body = sent === "" ? {} : (JSON.parse(sent) as Record<string, unknown>);
    const call = { method: request.method ?? "", path, body };
    calls.push(call);
    if (path === "/images/create") await options.pulls;
    const [status, said] = answer(call);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(said === undefined ? undefined : JSON.stringify(said));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(socketPath, () => resolve()));
  return {
    socketPath,
    calls,
    created: () => calls.findLast((it) => it.path === "/containers/create")?.body,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}
