import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import type { Db } from "./client.ts";
import { noteImage } from "./node-images.ts";
import { registerNode } from "./nodes.ts";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "./testing.ts";
import { writeWantedImages } from "./wanted-images.ts";
import { claimWork, failWork } from "./work.ts";

const atOnce = 2;
const beat = { ready: true, reasonCode: null, reasonText: null };
const report = { cpus: 8, memoryBytes: 1e11, labels: {} };

let database: TestDatabase;
let placer: Db;
let versions: string[];
let first: { nodeId: string; db: Db };
let second: { nodeId: string; db: Db };

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  placer = database.as("placer", { max: 1 }).db;
  const { environmentId } = await seedCatalogue(database.owner.db);
  const rows = await database.owner.sql<{ id: string }[]>`
    insert into versions (environment_id, tag, image, digest)
    select ${environmentId}, 't' || n, 'r.example/i:' || n, 'sha256:' || n from generate_series(1, 3) n
    returning id`;
  versions = rows.map((it) => it.id);
  first = { nodeId: database.nodeId, db: database.as("node", { max: 1 }).db };
  second = await database.addNode("node-2");
  await present();
});
afterEach(() => database.drop());

const want = (...nodes: { nodeId: string }[]) =>
  writeWantedImages(
    placer,
    nodes.flatMap(({ nodeId }) =>
      versions.map((versionId) => ({ nodeId, versionId, because: "the newest version" })),
    ),
    atOnce,
  );
/** How many pulls each node has been asked for and has not made. */
async function open(): Promise<Record<string, number>> {
  const rows = await database.owner.sql<{ name: string; n: number }[]>`
    select n.name, count(*)::int as n from work w join nodes n on n.id = w.node_id
    where w.subject_kind = 'image' and w.wanted > w.done group by n.name`;
  return Object.fromEntries(rows.map((it) => [it.name, it.n]));
}
/** Heard of for as long as a test may take. */
const present = () =>
  database.owner.sql`update nodes set ready = true, last_seen_at = now() + interval '1 hour'`;
const silence = (name: string) =>
  database.owner.sql`update nodes set last_seen_at = now() - interval '11 s' where name = ${name}`;

/** As a node's controller that tries every pull it was asked for, and fails. @returns how many */
async function failAll({ nodeId, db }: { nodeId: string; db: Db }): Promise<number> {
  const { epoch } = await registerNode(db, nodeId, report);
  const start = { nodeId, epoch };
  const leases = await claimWork(db, { ...start, limit: 0, imageLimit: 9, leaseMs: 30_000, beat });
  for (const lease of leases) {
    const reason = { code: "image_missing", text: "no registry has it" };
    await noteImage(db, start, lease.subjectId, { state: "failed", reason });
    await failWork(db, lease, reason.text);
  }
  await present();
  return leases.length;
}

describe("pulls beforehand", () => {
  it("are a few at once in the whole site, whether they have begun or not", async () => {
    expect(await want(first, second)).toBe(atOnce);
    const { epoch } = await registerNode(first.db, first.nodeId, report);
    await present();
    for (const id of versions) {
      const note = { state: "pulling", doneBytes: 1, totalBytes: null } as const;
      await noteImage(first.db, { nodeId: first.nodeId, epoch }, id, note);
    }
    expect(await want(first, second)).toBe(0);
  });

  it("go on where some have failed, which wait for their next try", async () => {
    expect(await want(first)).toBe(atOnce);
    expect(await failAll(first)).toBe(atOnce);
    expect(await open()).toEqual({ "node-1": atOnce });
    expect(await want(first)).toBe(1);
    expect(await failAll(first)).toBe(1);
    expect(await want(first, second)).toBe(atOnce);
    expect(await open()).toEqual({ "node-1": 3, "node-2": atOnce });
  });

  it("go on where a node with some has been switched off, and count again once it is back", async () => {
    expect(await want(first)).toBe(atOnce);
    await silence("node-1");
    expect(await want(first, second)).toBe(atOnce);
    expect(await open()).toEqual({ "node-1": atOnce, "node-2": atOnce });
    await present();
    expect(await want(first, second)).toBe(0);
  });

  it("go on where a node with some says that its engine does not answer", async () => {
    expect(await want(first)).toBe(atOnce);
    await database.owner.sql`update nodes set ready = false where name = 'node-1'`;
    expect(await want(first, second)).toBe(atOnce);
    expect(await open()).toEqual({ "node-1": atOnce, "node-2": atOnce });
  });

  it("are asked of nodes only that are heard of", async () => {
    await silence("node-1");
    expect(await want(first)).toBe(0);
    expect(await open()).toEqual({});
    await database.owner.sql`update nodes set last_seen_at = null`;
    expect(await want(first)).toBe(0);
  });
});
