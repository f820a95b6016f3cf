/**
 * A registry on this host's loopback that passes on what other registries have, no faster than it may:
 * an engine has no limit of its own on how fast it pulls. What comes through is named by its digest, so
 * the engine sees for itself that it is unchanged. See "HTTP API V2" of the distribution project.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isIP, type AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { pipeline } from "node:stream/promises";

/** Lets bytes through at a rate, over all who ask together. */
export class Pace {
  readonly #bytesPerSecond: number;
  #free = 0;
  /** While somebody waits for what is pulled there is no limit. */
  hurried = false;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  async take(bytes: number): Promise<void> {
    if (this.hurried) return;
    const now = performance.now();
    this.#free = Math.max(this.#free, now) + (bytes * 1000) / this.#bytesPerSecond;
    await pause(this.#free - now);
  }
}

export interface PacedRegistry {
  readonly pace: Pace;
  /** The name under which the engine gets what `repository`, which names a registry, has. */
  nameFor(repository: string): string;
  close(): Promise<void>;
}

/** Small, so that several layers share the rate evenly. */
const pieceBytes = 16 * 1024;
const passedOn = ["accept", "range", "if-none-match"];
const passedBack = [
  "content-type",
  "content-length",
  "content-range",
  "accept-ranges",
  "docker-content-digest",
  "docker-distribution-api-version",
  "etag",
];

/** As engines do it by themselves: without TLS on the loopback only. */
function baseOf(host: string): string {
  const name = host.replace(/:\d+$/, "");
  const local = name === "localhost" || (isIP(name) === 4 && name.startsWith("127."));
  return `${local ? "http" : "https"}://${host}/v2/`;
}

/** A token for anybody, as registries give it that want one even from those (its "Token Authentication"). */
async function tokenFor(challenge: string, signal: AbortSignal): Promise<string | undefined> {
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of challenge.matchAll(/(\w+)="([^"]*)"/g))
    fields.set(name, value);
  const realm = URL.parse(fields.get("realm") ?? "");
  if (!/^bearer /i.test(challenge) || !realm) return undefined;
  for (const name of ["service", "scope"]) {
    const value = fields.get(name);
    if (value !== undefined) realm.searchParams.set(name, value);
  }
  const answer = await fetch(realm, { signal });
  if (!answer.ok) return undefined;
  const { token, access_token: other } = (await answer.json()) as Record<string, unknown>;
  const found = token ?? other;
  return typeof found === "string" ? found : undefined;
}

async function askUpstream(
  url: string,
  request: IncomingMessage,
  tokens: Map<string, string>,
  signal: AbortSignal,
): Promise<Response> {
  // What is packed on the way has another length than its registry says.
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  for (const name of passedOn) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  const repository = url.replace(/\/(manifests|blobs)\/[^/]*$/, "");
  const ask = () => {
    const token = tokens.get(repository);
    const auth = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetch(url, {
      method: request.method ?? "GET",
      headers: { ...headers, ...auth },
      signal,
    });
  };
  const answer = await ask();
  if (answer.status !== 401) return answer;
  await answer.body?.cancel();
  const token = await tokenFor(answer.headers.get("www-authenticate") ?? "", signal);
  if (token === undefined) return answer;
  tokens.set(repository, token);
  return ask();
}

/** Piece by piece, each when it is its turn. */
async function* atPace(body: Response["body"], pace: Pace): AsyncGenerator<Uint8Array> {
  for await (const chunk of body ?? []) {
    for (let at = 0; at < chunk.length; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes);
      await pace.take(piece.length);
      yield piece;
    }
  }
}

function complain(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

export async function openPacedRegistry(bytesPerSecond: number): Promise<PacedRegistry> {
  const pace = new Pace(bytesPerSecond);
  /** Only what the controller itself has named: nobody else on this host is to use it. */
  const hosts = new Map<string, string>();
  const tokens = new Map<string, string>();

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/v2/") return void response.end("{}");
    const [, key = "", rest = ""] =
      /^\/v2\/([0-9a-f]+)\/([\w./:-]+)$/.exec(request.url ?? "") ?? [];
    const host = hosts.get(key);
    if (!host || !["GET", "HEAD"].includes(request.method ?? ""))
      return complain(response, 404, "NAME_UNKNOWN", "no such repository");
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const answer = await askUpstream(`${baseOf(host)}${rest}`, request, tokens, gone.signal);
    const kept = passedBack.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(answer.status, Object.fromEntries(kept));
    await pipeline(atPace(answer.body, pace), response);
  }

  const server = createServer((request, response) => {
    pass(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return void response.destroy();
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      complain(response, 502, "UNKNOWN", `the registry does not answer: ${String(cause)}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    pace,
    nameFor(repository) {
      const slash = repository.indexOf("/");
      const host = repository.slice(0, slash);
      const key = Buffer.from(host).toString("hex");
      hosts.set(key, host);
      return `127.0.0.1:${port}/${key}${repository.slice(slash)}`;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
