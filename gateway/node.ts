/** The gateway on Node. */
import { createServer, type IncomingMessage } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { pino } from "pino";
import { connect } from "../db/client.ts";
import { createApp } from "./app.ts";
import { configFaults, gatewayConfigSchema, type GatewayConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { createKeyRing } from "./keys.ts";
import { loadAssets } from "./node/assets.ts";
import { createChangeFeed } from "./node/feed.ts";
import { createMetrics } from "./node/metrics.ts";
import { nodeHasher } from "./node/password.ts";
import { createPeerOf, parseProxies } from "./node/peer.ts";
import { handleUpgrades, type Streams } from "./node/upgrade.ts";

const drainMs = 8_000;

interface NodeBindings {
  readonly incoming: IncomingMessage;
}

/**
 * Starts a gateway and resolves once it listens.
 *
 * @returns its address, and how to stop it: readiness fails first, then streams are asked to
 * reconnect, then the rest ends
 */
export async function startGateway(config: GatewayConfig) {
  const log = pino({ name: "gateway" });
  const connection = connect(config.DATABASE_URL, { applicationName: "asci-gateway" });
  const feed = createChangeFeed(connection.db, config.DATABASE_URL, log);
  const peerOf = createPeerOf(parseProxies(config.ASCI_TRUSTED_PROXIES), config.ASCI_PUBLIC_URL);
  const draining = new AbortController();
  let streams: Streams | undefined;
  const deps: Deps = {
    db: connection.db,
    log,
    keys: createKeyRing(connection.db, config.ASCI_SEALING_KEY),
    passwords: nodeHasher,
    feed,
    metrics: createMetrics(() => streams?.size ?? 0),
    draining: draining.signal,
    peer: (_request, env) => peerOf((env as NodeBindings).incoming),
  };
  const app = createApp(deps);
  const assets = await loadAssets(config.ASCI_UI_DIR);
  app.use("*", async (c, next) => (await assets.respond(c.req.raw)) ?? next());

  const server = createServer(getRequestListener(app.fetch));
  // Slow clients end here; streams have left the HTTP server by then.
  server.headersTimeout = 15_000;
  server.requestTimeout = 60_000;
  streams = handleUpgrades(server, deps, peerOf);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.ASCI_PORT, config.ASCI_HOST, () => resolve());
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : config.ASCI_PORT;
  log.info({ host: config.ASCI_HOST, port }, "listening");

  return {
    port,
    async stop() {
      draining.abort();
      const limit = new Promise((resolve) => setTimeout(resolve, drainMs).unref());
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.race([streams?.drain(), limit]);
      server.closeIdleConnections();
      await Promise.race([closed, limit]);
      server.closeAllConnections();
      await feed.close();
      await connection.close();
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
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void gateway.stop().finally(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // The supervisor holds the other end of this channel: when it dies, so do we.
  process.on("disconnect", stop);
  process.send?.({ type: "ready", port: gateway.port });
}
