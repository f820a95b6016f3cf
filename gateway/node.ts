/** The gateway on Node. */
import { createServer, type IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { pino } from "pino";
import { connect } from "../db/client.ts";
import { createApp } from "./app.ts";
import { configFaults, gatewayConfigSchema, type GatewayConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { createKeyRing } from "./keys.ts";
import { loadAssets } from "./node/assets.ts";
import { followConnections } from "./node/connections.ts";
import { createChangeFeed } from "./node/feed.ts";
import { createMetrics } from "./node/metrics.ts";
import { nodeHasher } from "./node/password.ts";
import { createPeerOf, parseProxies } from "./node/peer.ts";
import { startRotation } from "./node/rotation.ts";
import { handleUpgrades, type Streams } from "./node/upgrade.ts";

/** What runs may take so long to finish once nothing new is taken, and the pools after it. */
const finishMs = 7_000;
const closeMs = 2_000;

interface NodeBindings {
  readonly incoming: IncomingMessage;
}

export interface Gateway {
  readonly port: number;
  /**
   * Leaves. Readiness fails at once, and everything is still served until `turnedAway` settles. Then
   * the listener closes, desktops' streams are closed with the code on which viewers reconnect, event
   * streams end, and what runs has 7 s to finish. Resolves within 9 s of `turnedAway`.
   */
  stop(turnedAway?: Promise<unknown>): Promise<void>;
}

/** Whichever comes first. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const late = pause(limitMs, undefined, { signal: limit.signal }).catch(() => undefined);
  await Promise.race([work, late]);
  limit.abort();
}

/** Starts a gateway and resolves once it listens. */
export async function startGateway(config: GatewayConfig): Promise<Gateway> {
  const log = pino({ name: "gateway" });
  // Gateways are few, and somebody waits for each of their statements.
  const connection = connect(config.DATABASE_URL, {
    applicationName: "asci-gateway",
    idleSeconds: 600,
  });
  const feed = createChangeFeed(connection.db, config.DATABASE_URL, log);
  const peerOf = createPeerOf(parseProxies(config.ASCI_TRUSTED_PROXIES), config.ASCI_PUBLIC_URL);
  const draining = new AbortController();
  const closing = new AbortController();
  let streams: Streams | undefined;
  const deps: Deps = {
    db: connection.db,
    log,
    keys: createKeyRing(connection.db, config.ASCI_SEALING_KEY),
    sealingKey: config.ASCI_SEALING_KEY,
    passwords: nodeHasher,
    feed,
    metrics: createMetrics(() => streams?.size ?? 0),
    draining: draining.signal,
    closing: closing.signal,
    peer: (_request, env) => peerOf((env as NodeBindings).incoming),
  };
  const app = createApp(deps);
  const assets = await loadAssets(config.ASCI_UI_DIR);
  app.use("*", async (c, next) => (await assets.respond(c.req.raw)) ?? next());

  const server = createServer(getRequestListener(app.fetch));
  // Slow clients end here; streams have left the HTTP server by then.
  server.headersTimeout = 15_000;
  server.requestTimeout = 60_000;
  const connections = followConnections(server);
  streams = handleUpgrades(server, deps, peerOf);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.ASCI_PORT, config.ASCI_HOST, () => resolve());
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : config.ASCI_PORT;
  log.info({ host: config.ASCI_HOST, port }, "listening");
  const endRotation = startRotation({
    db: connection.db,
    log,
    secret: config.ASCI_SEALING_KEY,
    periodDays: config.ASCI_KEY_ROTATION_DAYS,
  });
  closing.signal.addEventListener("abort", endRotation);

  return {
    port,
    async stop(turnedAway) {
      draining.abort();
      connections.turnAway();
      await turnedAway;
      closing.abort();
      await within(finishMs, Promise.all([connections.close(), streams?.drain()]));
      connections.cut();
      await within(closeMs, Promise.allSettled([feed.close(), connection.close()]));
    },
  };
}

function readConfig(): GatewayConfig {
  const parsed = gatewayConfigSchema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  for (const fault of configFaults(parsed.error)) console.error(fault);
  process.exit(78);
}

/** Everything that needs the rights of the start (port, files of the pages) is done by now. */
function dropRights({ ASCI_GATEWAY_UID: uid, ASCI_GATEWAY_GID: gid }: GatewayConfig): void {
  if (process.getuid?.() !== 0 || uid === undefined) return;
  process.setgroups?.([]);
  process.setgid?.(gid ?? uid);
  process.setuid?.(uid);
}

if (import.meta.main) {
  const config = readConfig();
  const gateway = await startGateway(config).catch((error: unknown) => {
    const code = (error as { code?: unknown }).code;
    console.error(code === "EADDRINUSE" ? "the port is taken" : error);
    process.exit(code === "EADDRINUSE" ? 98 : 1);
  });
  dropRights(config);
  const hurry = new AbortController();
  let stopping = false;
  const stop = () => {
    // Asked again: whoever asks does not want to wait until everybody is turned away.
    if (stopping) return hurry.abort();
    stopping = true;
    const turnedAway = pause(config.ASCI_DRAIN_SECONDS * 1000, undefined, {
      signal: hurry.signal,
    }).catch(() => undefined);
    void gateway.stop(turnedAway).finally(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // The supervisor holds the other end of this channel: when it dies, so do we, and at once.
  const supervisorDied = () => {
    hurry.abort();
    stop();
  };
  process.on("disconnect", supervisorDied);
  // Where it dies in this moment its end is told as a disconnection, and not as an error as well.
  const unheard = () => {};
  // It may have died before anyone listened, which nothing tells afterwards.
  if (process.connected === false) supervisorDied();
  else process.send?.({ type: "ready", port: gateway.port }, undefined, {}, unheard);
}
