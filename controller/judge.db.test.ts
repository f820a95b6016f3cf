import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { insertInstance } from "../db/instances.ts";
import { registerNode } from "../db/nodes.ts";
import { judgeLost } from "../db/placement.ts";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "../db/testing.ts";
import { claimWork } from "../db/work.ts";
import { createJudge, defaultLostMs } from "./judge.ts";
import { placeQueue } from "./placer.ts";

const lostMs = defaultLostMs;
let database: TestDatabase;
let instanceId: string;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  const { db } = database.owner;
  await db.execute(sql`
    update nodes set ready = true, last_seen_at = now(), cpus = 8, memory_bytes = 100000000000`);
  const seeded = await seedCatalogue(db);
  instanceId = await insertInstance(db, { ...seeded, name: "one", experimentId: null });
  await placeQueue(database.as("placer").db);
});
afterAll(() => database.drop());

const state = async () => {
  const [row] = await database.owner.db.execute<{ state: string; reason: string }>(sql`
    select state, reason_code as reason from instances where id = ${instanceId}`);
  return row;
};

describe("the judge of lost nodes", () => {
  it("trusts itself only after a full period of watching without a gap", async () => {
    await database.owner.db.execute(sql`
      update nodes set last_seen_at = now() - interval '1 hour'`);
    let time = 1_000_000;
    const judge = createJudge(database.as("placer").db, {
      periodMs: 5000,
      lostMs,
      now: () => time,
    });
    expect(await judge()).toBe(0);
    time += lostMs / 2;
    // A gap of more than three periods: it slept, so its watch begins anew.
    expect(await judge()).toBe(0);
    for (let n = 0; n < lostMs / 5000 - 1; n++) {
      time += 5000;
      expect(await judge()).toBe(0);
    }
    expect(await state()).toMatchObject({ state: "starting" });
    time += 5000;
    expect(await judge()).toBe(1);
    expect(await state()).toEqual({ state: "lost", reason: "node_lost" });
  });

  it("begins its watch anew where the database was away in between", async () => {
    await database.owner.db.execute(sql`update instances set state = 'running'`);
    const { db } = database.as("placer");
    let away = false;
    const flaky = new Proxy(db, {
      get: (target, name) =>
        name === "execute" && away
          ? () => Promise.reject(new Error("connection refused"))
          : Reflect.get(target, name),
    });
    let time = 1_000_000;
    const judge = createJudge(flaky, { periodMs: 5000, lostMs, now: () => time });
    await judge();
    away = true;
    for (let n = 0; n < lostMs / 5000; n++) {
      time += 5000;
      await expect(judge()).rejects.toThrow("connection refused");
    }
    away = false;
    time += 5000;
    expect(await judge()).toBe(0);
    expect(await state()).toMatchObject({ state: "running" });
  });

  it("judges by the site's own time where it is given one", async () => {
    await database.owner.db.execute(sql`
      update nodes set last_seen_at = now() - interval '20 seconds'`);
    let time = 1_000_000;
    const after = (seconds: number) => {
      const options = { periodMs: 5000, lostMs: seconds * 1000, now: () => time };
      return createJudge(database.as("placer").db, options);
    };
    const [strict, patient] = [after(10), after(30)];
    const counts: number[][] = [];
    for (let n = 0; n < 7; n++, time += 5000) counts.push([await patient(), await strict()]);
    expect(counts.map(([, judged]) => judged)).toEqual([0, 0, 1, 0, 0, 0, 0]);
    expect(counts.map(([judged]) => judged)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(await state()).toEqual({ state: "lost", reason: "node_lost" });
  });

  it("has the node look at what is lost as soon as it is back, without a comparison", async () => {
    const { db, sql: owner } = database.owner;
    await owner`update work set done = wanted`;
    await owner`update instances set state = 'running'`;
    await owner`update nodes set last_seen_at = now() - interval '1 hour'`;
    expect(await judgeLost(database.as("placer").db, lostMs)).toBe(1);
    const { epoch } = await registerNode(database.as("node").db, database.nodeId, {
      cpus: 8,
      memoryBytes: 1e11,
      labels: {},
    });
    const beat = { ready: true, reasonCode: null, reasonText: null };
    const claim = { nodeId: database.nodeId, epoch, limit: 9, leaseMs: 1000, beat };
    const leases = await claimWork(database.as("node").db, claim);
    expect(leases.map((it) => it.subjectId)).toEqual([instanceId]);
    // Not again for what is lost already.
    await owner`update work set done = wanted, lease_until = null`;
    await owner`update nodes set last_seen_at = now() - interval '1 hour'`;
    expect(await judgeLost(db, lostMs)).toBe(0);
    expect(await claimWork(database.as("node").db, claim)).toEqual([]);
  });

  it("keeps the allocation of what is lost", async () => {
    const rows = await database.owner.db.execute(sql`select 1 from allocations`);
    expect(rows).toHaveLength(1);
  });
});
