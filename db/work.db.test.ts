import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Db } from "./client.ts";
import { LeaseLostError, SupersededError } from "./errors.ts";
import { insertInstance, wishInstance } from "./instances.ts";
import { registerNode } from "./nodes.ts";
import { lockPlacer, writePlacements } from "./placement.ts";
import { readQueue } from "./situation.ts";
import { createTestDatabase, seedCatalogue, type Seeded, type TestDatabase } from "./testing.ts";
import { claimWork, failWork, finishWork, releaseWork, renewLease, wishAgain } from "./work.ts";

let database: TestDatabase;
let node: Db;
let placer: Db;
let gateway: Db;
let seeded: Seeded;
const beat = { ready: true, reasonCode: null, reasonText: null };

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  node = database.as("node", { max: 20 }).db;
  placer = database.as("placer").db;
  gateway = database.as("gateway").db;
  seeded = await seedCatalogue(database.owner.db);
});
afterAll(() => database.drop());

async function start(): Promise<number> {
  const report = { cpus: 8, memoryBytes: 64 * 1024 ** 3, labels: {} };
  return (await registerNode(node, database.nodeId, report)).epoch;
}

async function placeOne(): Promise<string> {
  const id = await insertInstance(gateway, { ...seeded, name: "one", experimentId: null });
  await placer.transaction(async (tx) => {
    await lockPlacer(tx);
    const waiting = await readQueue(tx, 100);
    await writePlacements(
      tx,
      waiting.map((it) => ({
        instanceId: it.id,
        nodeId: database.nodeId,
        cpus: 0.01,
        memoryBytes: 1,
        gpus: [],
        maxMinutes: null,
        placement: { node: "node-1", strategy: "test", at: "", filtered: {}, best: [] },
        vncControl: "control1",
        vncView: "viewview",
      })),
    );
  });
  return id;
}

const claim = (epoch: number, limit = 100, leaseMs = 30_000) =>
  claimWork(node, { nodeId: database.nodeId, epoch, limit, leaseMs, beat });

describe("the work table", () => {
  it("gives each due row to one of many claimers", async () => {
    const epoch = await start();
    const ids = [];
    for (let n = 0; n < 12; n++) ids.push(await placeOne());
    const claims = await Promise.all(Array.from({ length: 16 }, () => claim(epoch, 2)));
    const subjects = claims.flat().map((it) => it.subjectId);
    expect(new Set(subjects).size).toBe(subjects.length);
    const rest = await claim(epoch);
    expect([...subjects, ...rest.map((it) => it.subjectId)].sort()).toEqual(ids.sort());
    for (const lease of [...claims.flat(), ...rest]) await finishWork(node, lease);
    expect(await claim(epoch)).toEqual([]);
  });

  it("keeps a wish that arrives during a run", async () => {
    const epoch = await start();
    const id = await placeOne();
    const [lease] = await claim(epoch);
    if (!lease) throw new Error("nothing was claimed");
    expect(
      await wishInstance(gateway, { by: { owner: seeded.userId }, instanceId: id, action: "stop" }),
    ).toEqual({ kind: "accepted" });
    expect(await claim(epoch)).toEqual([]);
    await finishWork(node, lease);
    const [again] = await claim(epoch);
    expect(again).toMatchObject({
      subjectId: id,
      fence: lease.fence + 1,
      wanted: lease.wanted + 1,
    });
    if (again) await finishWork(node, again);
  });

  it("refuses every write of a holder whose lease ran out and was claimed anew", async () => {
    const epoch = await start();
    await placeOne();
    const [late] = await claim(epoch, 1, 0);
    if (!late) throw new Error("nothing was claimed");
    const [current] = await claim(epoch);
    if (!current) throw new Error("nothing was claimed again");
    expect(current.fence).toBe(late.fence + 1);
    await expect(finishWork(node, late)).rejects.toBeInstanceOf(LeaseLostError);
    await expect(renewLease(node, late, 1000)).rejects.toBeInstanceOf(LeaseLostError);
    await expect(failWork(node, late, "late")).rejects.toBeInstanceOf(LeaseLostError);
    await releaseWork(node, late);
    await finishWork(node, current);
  });

  it("voids the leases of an older epoch at once, and stops its controller", async () => {
    const old = await start();
    const id = await placeOne();
    const [lease] = await claim(old);
    if (!lease) throw new Error("nothing was claimed");
    const epoch = await start();
    await expect(finishWork(node, lease)).rejects.toBeInstanceOf(LeaseLostError);
    await expect(claim(old)).rejects.toBeInstanceOf(SupersededError);
    const [again] = await claim(epoch);
    expect(again?.subjectId).toBe(id);
    if (again) await finishWork(node, again);
  });

  it("puts off a failed row, and a new wish takes it up at once", async () => {
    const epoch = await start();
    const id = await placeOne();
    const [lease] = await claim(epoch);
    if (!lease) throw new Error("nothing was claimed");
    await failWork(node, lease, "the engine said no");
    expect(await claim(epoch)).toEqual([]);
    const [row] = await database.owner.db.execute(sql`
      select attempts, last_error, run_at > now() as later from work where subject_id = ${id}`);
    expect(row).toEqual({ attempts: 1, last_error: "the engine said no", later: true });
    await wishAgain(node, database.nodeId, [id]);
    const [again] = await claim(epoch);
    expect(again).toMatchObject({ subjectId: id, attempts: 1 });
    if (again) await finishWork(node, again);
  });
});
