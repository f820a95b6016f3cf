import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../db/testing.ts";
import { ensureSecrets, openDataFolder } from "./data-folder.ts";
import { setUpDatabase } from "./database-setup.ts";
import { readSettings } from "./settings.ts";

let database: TestDatabase;
let dataDir: string;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  dataDir = await mkdtemp(join(tmpdir(), "asci-setup-"));
});
afterAll(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

it("refuses a machine the name of another one that runs, and says where it is written", async () => {
  await database.owner.sql`update nodes set last_seen_at = now() where name = 'node-1'`;
  const settings = readSettings({ ASCI_DATA: dataDir, ASCI_ADMIN_PASSWORD: "a good password" });
  const { root } = await openDataFolder(dataDir);
  const secrets = await ensureSecrets(root);
  await writeFile(join(root, "node-name"), "node-1\n");
  await expect(setUpDatabase(database.ownerUrl, settings, secrets)).rejects.toMatchObject({
    code: "settings",
    message: `Another node of this installation is called node-1: give this one another name. Its name is in ${join(root, "node-name")}.`,
  });
  const users = await database.owner.sql`select from users`;
  expect(users).toHaveLength(0);
});
