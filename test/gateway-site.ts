/** A gateway with its pages and a Postgres, and no node: enough for what people do without a desktop. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatePassword, startPostgres } from "../cli/postgres.ts";
import { ensureUi, uiDir } from "../cli/ui-build.ts";
import { connect, type Db } from "../db/client.ts";
import { migrate } from "../db/migrate.ts";
import { provision } from "../db/provision.ts";
import { ensureAdmin } from "../db/seed.ts";
import { nodeHasher } from "../gateway/node/password.ts";

export interface GatewaySite {
  readonly url: string;
  /** Of the administrator, `admin`. */
  readonly password: string;
  readonly sealingKey: Uint8Array;
  /** As the database's owner. */
  readonly db: Db;
  remove(): Promise<void>;
}

const root = join(import.meta.dirname, "..");

async function startGateway(databaseUrl: string, sealingKey: Uint8Array) {
  const child = spawn(process.execPath, [join(root, "gateway/node.ts")], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: databaseUrl,
      ASCI_SEALING_KEY: Buffer.from(sealingKey).toString("base64"),
      ASCI_UI_DIR: uiDir,
      ASCI_PORT: "0",
    },
  });
  const exited = once(child, "exit");
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port));
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await exited;
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

export async function startGatewaySite(): Promise<GatewaySite> {
  await ensureUi(() => {});
  const folder = await mkdtemp(join(tmpdir(), "asci-site-"));
  const server = await startPostgres({
    dataDir: join(folder, "data"),
    logFile: join(folder, "postgres.log"),
    password: generatePassword(),
    durable: false,
  });
  await migrate(server.url);
  const [secrets, nowhere] = [
    { gateway: "gateway", placer: "placer", node: "node", relay: "relay" },
    { nodeName: "none", relayUrl: "unix:/nowhere", controllerUrl: "unix:/nowhere" },
  ];
  const { urls } = await provision(server.url, { secrets, address: () => nowhere });
  const password = generatePassword();
  const passwordHash = await nodeHasher.hash(password);
  await ensureAdmin(server.url, { username: "admin", passwordHash });
  const sealingKey = crypto.getRandomValues(new Uint8Array(32));
  const gateway = await startGateway(urls.gateway, sealingKey);
  const { db, close } = connect(server.url, { max: 2 });
  return {
    url: gateway.url,
    password,
    sealingKey,
    db,
    async remove() {
      await gateway.stop();
      await close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
