import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generatePassword, startPostgres } from "../../cli/postgres.ts";
import { migrate } from "../../db/migrate.ts";
import { templateDatabase } from "../../db/testing.ts";
import { createTestNode, type TestNode } from "../node.ts";

type Server = Awaited<ReturnType<typeof startPostgres>>;

let folder: string;
let server: Server;
let node: TestNode;
const password = generatePassword();

async function startServer(port?: number): Promise<Server> {
  return startPostgres({
    dataDir: join(folder, "data"),
    logFile: join(folder, "postgres.log"),
    password,
    durable: true,
    ...(port === undefined ? {} : { port }),
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "asci-fault-postgres-"));
  server = await startServer();
  const sql = postgres(server.url, { max: 1 });
  await sql.unsafe(`create database ${templateDatabase}`);
  await sql.end();
  const url = new URL(server.url);
  url.pathname = `/${templateDatabase}`;
  await migrate(url.href);
  node = await createTestNode(server.url);
  await node.startController();
});
afterAll(async () => {
  await node?.remove();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("a database that is away for half a minute", () => {
  it("loses nothing and marks nothing lost", async () => {
    const [running, queued] = [await node.start(), await node.start()];
    await node.untilState(running, "running");
    await node.untilState(queued, "running");
    const before = await node.containers(running);
    await node.stop(queued);
    const { port } = server;
    await server.kill();
    await server.exited;
    // The outage itself is what is tested; nothing is judged by how long anything takes.
    await pause(30_000);
    server = await startServer(port);

    await node.untilState(queued, "stopped");
    expect((await node.get(running)).state).toBe("running");
    expect(await node.containers(running)).toEqual([
      expect.objectContaining({ Id: before[0]?.Id, State: "running" }),
    ]);
    const history = await node.database.owner.sql`
      select to_state from instance_history where to_state in ('lost', 'failed')`;
    expect(history).toEqual([]);
    const third = await node.start();
    await node.untilState(third, "running");
  }, 180_000);
});
