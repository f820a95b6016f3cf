/** The gateway as a Cloudflare Worker. */
import { LinearRouter } from "hono/router/linear-router";
import { connect, type Connection } from "../db/client.ts";
import { loggable } from "../db/errors.ts";
import { createApp } from "./app.ts";
import { configFaults } from "./config.ts";
import type { Deps, Metrics, Peer } from "./deps.ts";
import { createKeyRing, emptyKeyRingState } from "./keys.ts";
import { problemDocument, ProblemError } from "./problem.ts";
import { rotate } from "./rotation.ts";
import { workerConfigSchema, type WorkerConfig } from "./worker/config.ts";
import { createPollingFeed } from "./worker/feed.ts";
import { workerLog } from "./worker/log.ts";
import { respondWithPage } from "./worker/pages.ts";
import { workerHasher } from "./worker/password.ts";
import type { ExecutionContext, WorkerBindings } from "./worker/runtime.ts";
import { handleUpgrade } from "./worker/upgrade.ts";

/** Of the six connections that a request may have open at once. */
const mostConnections = 5;

/** What outlives a request in an isolate: the keys as they were read last, and no connection. */
const keyRingState = emptyKeyRingState();

/** @throws Error naming every fault */
function readConfig(env: WorkerBindings): WorkerConfig {
  const parsed = workerConfigSchema.safeParse(env);
  if (parsed.success) return parsed.data;
  throw new Error(`The Worker is not configured: ${configFaults(parsed.error).join("; ")}`);
}

function open(env: WorkerBindings): Connection {
  const options = { max: mostConnections, applicationName: "asci-gateway", pooled: true };
  return connect(env.HYPERDRIVE.connectionString, options);
}

/** The platform says who asks: it sets this header itself, whatever the client sent. */
function peerOf(request: Request, config: WorkerConfig): Peer {
  return {
    address: request.headers.get("cf-connecting-ip"),
    origin: config.ASCI_PUBLIC_URL ?? new URL(request.url).origin,
  };
}

/** Counters would be one isolate's; the platform counts requests itself. */
function noMetrics(eventStreams: Metrics["eventStreams"]): Metrics {
  return { request: () => {}, signIn: () => {}, eventStreams, text: () => undefined };
}

/**
 * An event stream is one request, whose CPU is limited in all: after so long it ends, and the page opens
 * the next where it was.
 */
function limitStream(lifeSeconds: number, onEnd: () => void) {
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    closing: over.signal,
    eventStreams(delta: 1 | -1) {
      clearTimeout(timer);
      if (delta === 1) timer = setTimeout(() => over.abort(), lifeSeconds * 1000);
      else onEnd();
    },
  };
}

function depsOf(connection: Connection, config: WorkerConfig, onEventStreamEnd: () => void): Deps {
  const { db } = connection;
  const stream = limitStream(config.ASCI_EVENTS_SECONDS, onEventStreamEnd);
  return {
    db,
    log: workerLog,
    sealingKey: config.ASCI_SEALING_KEY,
    keys: createKeyRing(db, config.ASCI_SEALING_KEY, {}, keyRingState),
    passwords: workerHasher(),
    feed: createPollingFeed(db),
    metrics: noMetrics(stream.eventStreams),
    draining: new AbortController().signal,
    closing: stream.closing,
    peer: (request) => peerOf(request, config),
  };
}

function misconfigured(error: unknown): Response {
  const requestId = crypto.randomUUID();
  workerLog.error({ requestId, err: loggable(error) }, "request failed");
  const problem = new ProblemError(
    503,
    "misconfigured",
    "This gateway is not set up completely. Its log names what is missing.",
  );
  return Response.json(problemDocument(problem, requestId), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

async function respond(
  request: Request,
  env: WorkerBindings,
  context: ExecutionContext,
): Promise<Response> {
  const config = readConfig(env);
  const connection = open(env);
  const close = () => context.waitUntil(connection.close());
  const deps = depsOf(connection, config, close);
  // The handshake itself is the platform's, and has been checked by it.
  if (request.headers.get("upgrade")?.toLowerCase() === "websocket") {
    const nodes = env.NODES ?? { fetch: (url, init) => fetch(url, init) };
    return handleUpgrade({ deps, config, nodes }, request).finally(close);
  }
  const app = createApp(deps, { router: new LinearRouter() });
  app.use("*", async (c, next) => (await respondWithPage(env.ASSETS, c.req.raw)) ?? next());
  const response = await app.fetch(request, env);
  // A download and an event stream go on asking the database until they end; the latter says so itself.
  if (response.body && response.headers.has("content-disposition"))
    return closeBehind(response, response.body, context, connection);
  const goesOn = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (!goesOn || response.body === null) close();
  return response;
}

/** The same answer; the connection is closed once it has gone out, or its reader has gone. */
function closeBehind(
  response: Response,
  body: ReadableStream<Uint8Array>,
  context: ExecutionContext,
  connection: Connection,
): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sent = body.pipeTo(writable).catch(() => undefined);
  context.waitUntil(sent.then(() => connection.close()));
  return new Response(readable, response);
}

export default {
  async fetch(request: Request, env: WorkerBindings, context: ExecutionContext): Promise<Response> {
    return respond(request, env, context).catch(misconfigured);
  },

  /** The slow loop of a gateway that keeps nothing: rotates the keys of tickets when they are old enough. */
  async scheduled(_event: unknown, env: WorkerBindings): Promise<void> {
    const config = readConfig(env);
    if (config.ASCI_KEY_ROTATION_DAYS === 0) return;
    const connection = open(env);
    try {
      const olderThanSeconds = config.ASCI_KEY_ROTATION_DAYS * 24 * 3600;
      const options = { olderThanSeconds, by: "gateway" };
      const rotation = await rotate(connection.db, config.ASCI_SEALING_KEY, options);
      const published = rotation && { kid: rotation.published.kid };
      if (published) workerLog.info(published, "published a key that signs tickets soon");
    } catch (error) {
      // The platform would write down the error itself, and the statement's parameters with it.
      workerLog.error({ err: loggable(error) }, "keys were not rotated; the next run tries again");
      // oxlint-disable-next-line preserve-caught-error
      throw new Error("keys were not rotated");
    } finally {
      await connection.close();
    }
  },
};
