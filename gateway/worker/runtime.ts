/** Of the Workers runtime what the gateway uses. https://developers.cloudflare.com/workers/runtime-apis/ */

/** Fetches a part of the platform: the pages' files, or nodes behind a tunnel. */
export interface Fetcher {
  fetch(request: Request | string, init?: RequestInit): Promise<WorkerResponse>;
}

/** An answer to an upgrade has status 101 and holds the other end. */
export interface WorkerResponse extends Response {
  readonly webSocket?: object | null;
}

export interface ExecutionContext {
  /** Keeps the request's connections and timers alive until this settles. */
  waitUntil(work: Promise<unknown>): void;
}

/** Bindings, variables and secrets, as `wrangler.toml` and `wrangler secret put` give them. */
export interface WorkerBindings {
  readonly ASSETS: Fetcher;
  readonly HYPERDRIVE: { readonly connectionString: string };
  /** A private network in which nodes are reached; else they are reached by public names. */
  readonly NODES?: Fetcher;
  readonly [name: string]: unknown;
}

/** Joins the client to a WebSocket that another server has accepted; bytes do not pass through scripts. */
export function passThrough(webSocket: object, protocol: string): Response {
  const init = { status: 101, webSocket, headers: { "sec-websocket-protocol": protocol } };
  return new Response(null, init as ResponseInit);
}
