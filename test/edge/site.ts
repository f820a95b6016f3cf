/** A whole installation with a second gateway: a Worker, set up as docs/deploy-edge.md says. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatePassword, startPostgres } from "../../cli/postgres.ts";
import { connect, type Connection } from "../../db/client.ts";
import { startInstallation, type TestInstallation } from "../installation.ts";
import { openTunnel } from "./tunnel.ts";
import { startWorker, type TestWorker, type WorkerOptions } from "./worker.ts";

const guide = join(import.meta.dirname, "..", "..", "docs", "deploy-edge.md");

export interface EdgeSite {
  readonly installation: TestInstallation;
  /** As the database's owner. */
  readonly owner: Connection;
  readonly worker: TestWorker;
  /** What the Worker was started with. */
  readonly options: WorkerOptions;
  /** Ends workerd as a crash does. */
  killWorker(): Promise<void>;
  /** Starts it again, at the address that it had. */
  reviveWorker(): Promise<TestWorker>;
  remove(): Promise<void>;
}

/** The login that the guide makes, with a password of its own. */
async function makeLogin(owner: Connection, serverUrl: string): Promise<string> {
  const text = await readFile(guide, "utf8");
  const statements = /```sql\n([^]*?)```/.exec(text)?.[1];
  if (!statements) throw new Error(`${guide} has no SQL`);
  const password = generatePassword();
  await owner.sql.unsafe(statements.replace("A-LONG-PASSWORD", password)).simple();
  const url = new URL(serverUrl);
  url.username = "asci_edge";
  url.password = password;
  return url.href;
}

export async function openEdgeSite(): Promise<EdgeSite> {
  const folder = await mkdtemp(join(tmpdir(), "asci-edge-"));
  const dataDir = join(folder, "data");
  const logFile = join(folder, "postgres.log");
  const server = await startPostgres({ dataDir, logFile, password: generatePassword() });
  const installation = await startInstallation({ DATABASE_URL: server.url });
  const owner = connect(server.url, { max: 2 });
  const databaseUrl = await makeLogin(owner, server.url);
  const sealing = await readFile(join(installation.dataDir, "keys", "sealing"), "utf8");
  const tunnel = await openTunnel(async () => {
    const [node] = await owner.sql<{ url: string }[]>`select relay_url as url from nodes`;
    return node?.url.replace("unix:", "") ?? "/nowhere";
  });
  const options = {
    databaseUrl,
    sealingKey: Buffer.from(sealing.trim(), "base64"),
    nodeUrl: tunnel.url,
  };
  let worker = await startWorker(options);
  return {
    installation,
    owner,
    options,
    get worker() {
      return worker;
    },
    killWorker: () => worker.kill(),
    async reviveWorker() {
      worker = await startWorker({ ...options, port: worker.port });
      return worker;
    },
    async remove() {
      await worker.stop();
      await tunnel.close();
      await installation.remove();
      await owner.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
