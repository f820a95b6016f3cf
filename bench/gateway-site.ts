/** A gateway on a Postgres of its own, for a bench. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { generatePassword, startPostgres } from "../cli/postgres.ts";
import { migrate } from "../db/migrate.ts";
import { templateDatabase } from "../db/testing.ts";
import { startTestGateway, type TestGateway } from "../gateway/testing.ts";

export async function withBenchGateway<T>(run: (gateway: TestGateway) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "asci-bench-"));
  const server = await startPostgres({
    dataDir: join(folder, "data"),
    logFile: join(folder, "postgres.log"),
    password: generatePassword(),
  });
  try {
    const admin = postgres(server.url, { max: 1 });
    await admin.unsafe(`create database ${templateDatabase}`);
    await admin.end();
    const template = new URL(server.url);
    template.pathname = `/${templateDatabase}`;
    await migrate(template.href);
    const gateway = await startTestGateway(server.url, { entry: "node" });
    try {
      return await run(gateway);
    } finally {
      await gateway.stop();
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
