import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import type { Db } from "./client.ts";
import { LeaseLostError } from "./errors.ts";
import { getVersionImage, listUnwantedImages, noteImage, reportImages } from "./node-images.ts";
import { registerNode } from "./nodes.ts";
import { createTestDatabase, seedCatalogue, type Seeded, type TestDatabase } from "./testing.ts";
import { claimWork, failWork, finishWork, renewLease, wishAgain } from "./work.ts";

let database: TestDatabase;
let node: Db;
let seeded: Seeded;
let start: { nodeId: string; epoch: number };
const report = { cpus: 8, memoryBytes: 1e11, labels: {} };
const beat = { ready: true, reasonCode: null, reasonText: null };

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  node = database.as("node").db;
  seeded = await seedCatalogue(database.owner.db);
});
afterAll(() => database.drop());

/** Versions of one environment, the oldest first, each with an image of its own. @returns their ids */
async function versions(...tags: string[]): Promise<string[]> {
  const rows = await database.owner.sql<{ id: string }[]>`
    insert into versions (environment_id, tag, image, digest, created_at)
    select ${seeded.environmentId}, t.tag, 'r.example/i:' || t.tag, 'sha256:' || t.tag, now() + t.n * interval '1 s'
    from unnest(${`{${tags.join(",")}}`}::text[]) with ordinality t(tag, n) returning id`;
  return rows.map((it) => it.id);
}
beforeEach(async () => {
  start = {
    nodeId: database.nodeId,
    epoch: (await registerNode(node, database.nodeId, report)).epoch,
  };
  await database.owner.sql`delete from node_images`;
  await database.owner.sql`delete from work`;
  await database.owner.sql`delete from versions where id <> ${seeded.versionId}`;
});
/** As the placer says it. */
async function want(id: string): Promise<void> {
  await database.owner.sql`
    with said as (insert into node_images (node_id, version_id, wanted) values (${database.nodeId}, ${id}, true)
      on conflict (node_id, version_id) do update set wanted = true)
    insert into work (subject_kind, subject_id, node_id) values ('image', ${id}, ${database.nodeId})
    on conflict (subject_kind, subject_id, node_id) do update set wanted = work.wanted + 1, run_at = now()`;
}
const states = async () => {
  const rows = await database.owner.sql<{ tag: string; state: string }[]>`
    select v.tag, i.state from node_images i join versions v on v.id = i.version_id`;
  return Object.fromEntries(rows.map((it) => [it.tag, it.state]));
};
const seen = (...tags: string[]) => tags.map((it) => ({ digest: `sha256:${it}`, sizeBytes: 7 }));
const claim = (limit: number, imageLimit?: number) =>
  claimWork(node, {
    ...start,
    limit,
    leaseMs: 30_000,
    beat,
    ...(imageLimit === undefined ? {} : { imageLimit }),
  });

describe("work on images", () => {
  it("is claimed apart from that on instances, and only by who asks for it", async () => {
    const [a = "", b = ""] = await versions("a", "b");
    await want(a);
    await want(b);
    expect(await claim(10)).toEqual([]);
    const leases = await claim(0, 1);
    expect(leases).toHaveLength(1);
    expect(leases[0]).toMatchObject({ kind: "image", attempts: 0 });
    const [lease] = leases;
    if (!lease) throw new Error("nothing was claimed");
    await renewLease(node, lease, 30_000);
    const others = await claim(0, 5);
    expect(others.map((it) => it.subjectId)).toEqual([a, b].filter((it) => it !== lease.subjectId));
    await finishWork(node, lease);
    expect(await claim(0, 5)).toEqual([]);
    await wishAgain(node, database.nodeId, [lease.subjectId]);
    expect(await claim(0, 5)).toEqual([]);
    await wishAgain(node, database.nodeId, [lease.subjectId], "image");
    const [again] = await claim(0, 5);
    expect(again).toMatchObject({ subjectId: lease.subjectId, fence: lease.fence + 1 });
    await expect(failWork(node, lease, "late")).rejects.toBeInstanceOf(LeaseLostError);
  });
});

describe("images on a node", () => {
  it("are noted as they are seen: come, gone, or left half pulled by a controller that died", async () => {
    const [a = "", b = "", c = ""] = await versions("a", "b", "c");
    expect(await reportImages(node, start, [...seen("a", "b"), ...seen("unknown")], [])).toEqual(
      [],
    );
    expect(await states()).toEqual({ a: "present", b: "present" });
    await want(b);
    await noteImage(node, start, c, { state: "pulling", doneBytes: 1, totalBytes: 2 });
    expect(await reportImages(node, start, seen("a"), [c])).toEqual([b]);
    expect(await states()).toEqual({ a: "present", b: "absent", c: "pulling" });
    await reportImages(node, start, [], []);
    expect(await states()).toEqual({ a: "absent", b: "absent", c: "absent" });
    await noteImage(node, start, a, {
      state: "failed",
      reason: { code: "disk_limit", text: "no room" },
    });
    await reportImages(node, start, [], []);
    expect(await states()).toMatchObject({ a: "failed" });
    await reportImages(node, start, seen("a"), []);
    const rows = await database.owner.sql`
      select state, reason_code, size_bytes from node_images where version_id = ${a}`;
    expect(rows).toEqual([{ state: "present", reason_code: null, size_bytes: 7 }]);
  });

  it("are noted by the newest controller only", async () => {
    const [a = ""] = await versions("a");
    const late = { ...start, epoch: start.epoch - 1 };
    expect(await noteImage(node, late, a, { state: "present", sizeBytes: 1 })).toBe(false);
    await reportImages(node, late, seen("a"), []);
    expect(await states()).toEqual({});
  });

  it("keep what they took for the next try, and say whether they are wanted", async () => {
    const [a = ""] = await versions("a");
    const pulling = { state: "pulling", doneBytes: 3, totalBytes: 100 } as const;
    expect(await noteImage(node, start, a, pulling)).toBe(false);
    await want(a);
    expect(await noteImage(node, start, a, pulling)).toBe(true);
    await noteImage(node, start, a, { state: "failed", reason: { code: "disk_limit", text: "" } });
    expect(await getVersionImage(node, database.nodeId, a)).toEqual({
      versionId: a,
      image: "r.example/i:a",
      digest: "sha256:a",
      wanted: true,
      totalBytes: 100,
    });
  });

  it("may go where nobody wants them: the oldest first, never an environment's newest or a live instance's", async () => {
    const [old = "", used = "", wanted = "", newest = ""] = await versions(
      "old",
      "used",
      "wanted",
      "newest",
    );
    await database.owner
      .sql`update versions set created_at = now() - interval '1 day' where id = ${seeded.versionId}`;
    await reportImages(node, start, seen("old", "used", "wanted", "newest"), []);
    await want(wanted);
    await database.owner.sql`
      insert into instances (name, environment_id, version_id, owner_id, state, node_id)
      values ('one', ${seeded.environmentId}, ${used}, ${seeded.userId}, 'lost', ${database.nodeId})`;
    const unwanted = async () =>
      (await listUnwantedImages(node, database.nodeId)).map((it) => it.versionId);
    expect(await unwanted()).toEqual([old]);
    await database.owner.sql`update instances set state = 'stopped'`;
    expect(await unwanted()).toEqual([old, used]);
    // The same image under another version, which is the newest.
    await database.owner.sql`update versions set digest = 'sha256:old' where id = ${newest}`;
    expect(await unwanted()).toEqual([used]);
    await database.owner.sql`delete from instances`;
  });
});
