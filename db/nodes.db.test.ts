import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import type { Db } from "./client.ts";
import { NodeTakenError, sqlState, SupersededError } from "./errors.ts";
import { reportGpus, type ReportedGpu } from "./node-gpus.ts";
import { getNode, listLabels } from "./admin-nodes.ts";
import { registerNode, reportNode, type NodeReport } from "./nodes.ts";
import { insertInstance } from "./instances.ts";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "./testing.ts";
import { claimWork } from "./work.ts";
import { listen } from "./listen.ts";

let database: TestDatabase;
let node: Db;
const report: NodeReport = { cpus: 8, memoryBytes: 64 * 1024 ** 3, labels: { "asci.os": "linux" } };

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  node = database.as("node").db;
});
afterAll(() => database.drop());

const register = (machineId?: string) =>
  registerNode(node, database.nodeId, { ...report, ...(machineId ? { machineId } : {}) });
const row = async () =>
  (
    await database.owner
      .sql`select *, labels as all_labels from nodes where id = ${database.nodeId}`
  )[0];
const heardOf = (ago: string) =>
  database.owner.sql`update nodes set last_seen_at = now() - ${ago}::interval`;

describe("two machines under one name", () => {
  it("are told apart: the second is refused while the first is heard of, and takes over when it is silent", async () => {
    const first = await register("one");
    await heardOf("9 seconds");
    const fault: unknown = await register("two").catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(NodeTakenError);
    expect(String(fault)).toMatch(
      /^NodeTakenError: Another machine reports as node "node-1"; it was last heard of 9 s ago, at \d{4}-.*Stop the controller there, or register this machine as a node of its own/s,
    );
    expect(await row()).toMatchObject({ epoch: first.epoch, machine_id: "one" });
    // The same one is never refused, however often it starts.
    expect((await register("one")).epoch).toBe(first.epoch + 1);

    await heardOf("11 seconds");
    expect((await register("two")).epoch).toBe(first.epoch + 2);
    expect(await row()).toMatchObject({ machine_id: "two" });
    await expect(register("one")).rejects.toBeInstanceOf(NodeTakenError);
  });
});

describe("what a node reports", () => {
  it("is written as long as no newer controller has begun", async () => {
    const { epoch } = await register();
    const disk = { totalBytes: 1000, freeBytes: 10 };
    const labels = { "asci.zone": "hall-2" };
    await reportNode(
      node,
      { nodeId: database.nodeId, epoch },
      { cpus: 4, memoryBytes: 5, labels, disk },
    );
    expect(await row()).toMatchObject({
      cpus: 4,
      memory_bytes: 5,
      labels,
      disk_total_bytes: 1000,
      disk_free_bytes: 10,
    });
    const late = { nodeId: database.nodeId, epoch: epoch - 1 };
    await expect(reportNode(node, late, report)).rejects.toBeInstanceOf(SupersededError);
    expect(await row()).toMatchObject({ cpus: 4 });
  });

  it("comes after what an administrator says", async () => {
    const { epoch } = await register();
    await database.owner.sql`update nodes set set_labels = '{"asci.zone": "hall-3"}'`;
    const labels = { "asci.zone": "hall-2", "asci.gpu": "false" };
    await reportNode(node, { nodeId: database.nodeId, epoch }, { ...report, labels });
    expect((await row())?.["all_labels"]).toEqual({ "asci.zone": "hall-3", "asci.gpu": "false" });
  });

  it("tells what is amiss of a node that works all the same", async () => {
    const { epoch } = await register();
    const claim = { nodeId: database.nodeId, epoch, limit: 0, leaseMs: 1 };
    const reason = { reasonCode: "gpus_unknown", reasonText: "The GPUs cannot be made out." };
    await claimWork(node, { ...claim, beat: { ready: true, ...reason } });
    const seen = await getNode(database.owner.db, database.nodeId);
    expect(seen).toMatchObject({
      state: "ready",
      reason: { code: "gpus_unknown", text: "The GPUs cannot be made out." },
    });
    await claimWork(node, { ...claim, beat: { ready: true, reasonCode: null, reasonText: null } });
    expect(await getNode(database.owner.db, database.nodeId)).toMatchObject({ reason: null });
  });
});

describe("a node's login", () => {
  const many = JSON.stringify(
    Object.fromEntries(Array.from({ length: 1000 }, (_, nth) => [`${nth}`, "x".repeat(64)])),
  );
  it.each([
    ["reported_labels", "'[]'"],
    ["reported_labels", "'7'"],
    ["reported_labels", `'{"zone": {"b": 1}}'`],
    ["reported_labels", "'{\"zone\": null}'"],
    ["reported_labels", `'${many}'`],
    ["cpus", "'NaN'"],
    ["cpus", "'Infinity'"],
    ["memory_bytes", "9007199254740992"],
  ])("cannot set %s to what readers of all nodes would fail at", async (column, value) => {
    const before = await row();
    const fault: unknown = await database
      .as("node", { max: 1 })
      .sql.unsafe(`update nodes set ${column} = ${value}`)
      .catch((error: unknown) => error);
    expect(sqlState(fault)?.code).toBe("23514");
    expect(await row()).toEqual(before);
    await listLabels(database.owner.db);
  });
});

describe("a node's clock", () => {
  it.each([
    [3_600_000, 3_600_000],
    [-3_600_000, -3_600_000],
    [40, 0],
  ])("that is %i ms ahead is noted as %i, and judges nothing", async (ahead, noted) => {
    const { epoch } = await register();
    const [clock] = await database.owner.sql<{ ms: number }[]>`
      select extract(epoch from now())::float8 * 1000 as ms`;
    const clockMs = Number(clock?.ms) + ahead;
    const beat = { ready: true, reasonCode: null, reasonText: null, clockMs };
    await claimWork(node, { nodeId: database.nodeId, epoch, limit: 0, leaseMs: 1, beat });
    const found = await row();
    // A busy machine takes its time to send the statement.
    expect(Number(found?.["clock_skew_ms"])).toBeLessThanOrEqual(noted);
    expect(Number(found?.["clock_skew_ms"])).toBeGreaterThan(noted - 30_000);
    expect(Math.abs(Number(found?.["clock_skew_ms"]) % 100)).toBe(0);
    const seen = await getNode(database.owner.db, database.nodeId);
    expect(seen?.state).toBe("ready");
  });
});

describe("a node's GPUs", () => {
  const gpu = (uuid: string, more: Partial<ReportedGpu> = {}): ReportedGpu => ({
    uuid,
    model: "NVIDIA A40",
    memoryBytes: 48 * 1024 ** 3,
    slots: 2,
    ...more,
  });
  let start: { nodeId: string; epoch: number };
  beforeEach(async () => {
    start = { nodeId: database.nodeId, epoch: (await register()).epoch };
    await database.owner.sql`delete from node_gpus`;
  });
  const gpus = () =>
    database.owner.sql`select uuid, slots, set_slots, present from node_gpus order by uuid`;

  it("that vanish are kept as not present, with what an administrator set, and return", async () => {
    await reportGpus(node, start, [gpu("GPU-1"), gpu("GPU-2")]);
    await database.owner.sql`update node_gpus set set_slots = 4 where uuid = 'GPU-1'`;
    await reportGpus(node, start, [gpu("GPU-2", { slots: 3 })]);
    expect(await gpus()).toEqual([
      { uuid: "GPU-1", slots: 2, set_slots: 4, present: false },
      { uuid: "GPU-2", slots: 3, set_slots: null, present: true },
    ]);
    await reportGpus(node, start, []);
    expect((await gpus()).map((it) => it["present"])).toEqual([false, false]);
    await reportGpus(node, start, [gpu("GPU-1")]);
    expect((await gpus())[0]).toEqual({ uuid: "GPU-1", slots: 2, set_slots: 4, present: true });
  });

  it("are so many at most: the oldest that are gone and that nobody holds make room", async () => {
    const { sql: own } = database.as("node", { max: 1 });
    const add = (uuid: string) =>
      own`insert into node_gpus (node_id, uuid, model, memory_bytes) values (${start.nodeId}, ${uuid}, 'A40', 1)`;
    await own`insert into node_gpus (node_id, uuid, model, memory_bytes, present, seen_at)
      select ${start.nodeId}, 'GPU-' || nth, 'A40', 1, nth > 3, now() + nth * interval '1 s'
      from generate_series(1, 256) nth`;
    const seeded = await seedCatalogue(database.owner.db);
    const { sql: owner } = database.owner;
    const instanceId = await insertInstance(database.owner.db, {
      ...seeded,
      name: "holds one",
      experimentId: null,
    });
    await owner`insert into allocations (instance_id, node_id, cpus, memory_bytes)
      values (${instanceId}, ${start.nodeId}, 1, 1)`;
    await owner`insert into allocation_gpus values (${instanceId}, ${start.nodeId}, 'GPU-1', 0, 1)`;
    await add("GPU-a");
    // What is there already takes no room.
    await reportGpus(node, start, [gpu("GPU-a"), gpu("GPU-256")]);
    await own`update node_gpus set present = true where uuid not in ('GPU-1', 'GPU-3')`;
    await add("GPU-b");
    const gone = await owner`select uuid from node_gpus where not present`;
    expect(gone).toEqual([{ uuid: "GPU-1" }]);
    const full: unknown = await add("GPU-c").catch((error: unknown) => error);
    expect(sqlState(full)?.code).toBe("23514");
    expect(String(full)).toContain("A node has at most 256 GPUs.");
    expect(await owner`select count(*)::int as n from node_gpus`).toEqual([{ n: 256 }]);
    await owner`delete from allocations`;
  });

  it("are written by the newest controller only", async () => {
    await reportGpus(node, { ...start, epoch: start.epoch - 1 }, [gpu("GPU-1")]);
    expect(await gpus()).toEqual([]);
  });

  it("wake the placer when they change, and not at every look", async () => {
    let woken = 0;
    const heard = Promise.withResolvers<void>();
    const listening = Promise.withResolvers<void>();
    const url = database.ownerUrl;
    const onNews = (what: string) => (what === "end" ? heard.resolve() : void (woken += 1));
    const listener = listen(url, { asci_queue: onNews }, listening.resolve);
    await listening.promise;
    await reportGpus(node, start, [gpu("GPU-1"), gpu("GPU-2")]);
    await reportGpus(node, start, [gpu("GPU-2"), gpu("GPU-1")]);
    await reportGpus(node, start, [gpu("GPU-2"), gpu("GPU-1")]);
    // Whatever was told before this was heard before it.
    await database.owner.db.execute(sql`select pg_notify('asci_queue', 'end')`);
    await heard.promise;
    expect(woken).toBe(1);
    await listener.close();
  });
});
