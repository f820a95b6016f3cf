/** One throw-away Postgres for a run of tests, with a migrated template that each test file clones. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { generatePassword, startPostgres } from "../cli/postgres.ts";
import { migrate } from "../db/migrate.ts";
import { templateDatabase } from "../db/testing.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "asci-test-postgres-"));
  const server = await startPostgres({
    dataDir: join(folder, "data"),
    logFile: join(folder, "postgres.log"),
    password: generatePassword(),
    durable: false,
  });
  const sql = postgres(server.url, { max: 1 });
  await sql.unsafe(`create database ${templateDatabase}`);
  await sql.end();
  const url = new URL(server.url);
  url.pathname = `/${templateDatabase}`;
  await migrate(url.href);
  project.provide("postgresUrl", server.url);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
