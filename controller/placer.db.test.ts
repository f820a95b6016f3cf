import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { getInstance, insertInstance, wishInstance } from "../db/instances.ts";
import {
  createTestDatabase,
  seedCatalogue,
  type Seeded,
  type TestDatabase,
} from "../db/testing.ts";
import type { Db } from "../db/client.ts";
import { lockPlacer } from "../db/placement.ts";
import { placeQueue } from "./placer.ts";

let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  seeded = await seedCatalogue(database.owner.db, { cpus: 1, memoryBytes: 1024 ** 3 });
});
afterAll(() => database.drop());

const start = () =>
  insertInstance(database.owner.db, { ...seeded, name: "one", experimentId: null });
const get = (id: string) => getInstance(database.as("gateway").db, seeded.userId, id);
const setNode = (cpus: number, ready = true) =>
  database.owner.db.execute(sql`
    update nodes set cpus = ${cpus}, memory_bytes = 100000000000, ready = ${ready}, last_seen_at = now()`);

/** A connection sends at once what it has asked before, and else waits for each answer. */
const warm = (placers: readonly Db[]) => Promise.all(placers.map((it) => placeQueue(it)));

describe("the placer", () => {
  it("tells what waits why it waits, and places it when a node is there", async () => {
    const { db } = database.as("placer");
    await setNode(1, false);
    const id = await start();
    await placeQueue(db);
    expect(await get(id)).toMatchObject({
      state: "queued",
      reason: { code: "no_node_ready", text: "1 node: 1 not ready" },
      queue: { position: 1 },
    });
    await setNode(1);
    await placeQueue(db);
    expect(await get(id)).toMatchObject({
      state: "starting",
      reason: null,
      node: { name: "node-1" },
      placement: { node: "node-1", best: [{ node: "node-1" }] },
    });
    const second = await start();
    await placeQueue(db);
    expect(await get(second)).toMatchObject({ state: "queued", reason: { code: "no_capacity" } });
  });

  it("places nothing before it was queued, though it began to look before that", async () => {
    await database.owner.db.execute(sql`delete from allocations`);
    await setNode(100);
    const [one, other] = [
      database.as("placer", { max: 1 }).db,
      database.as("placer", { max: 1 }).db,
    ];
    await warm([other]);
    const [locked, queued] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const holding = one.transaction(async (tx) => {
      await lockPlacer(tx);
      locked.resolve();
      await queued.promise;
    });
    await locked.promise;
    const placing = placeQueue(other);
    await expect
      .poll(async () => {
        const [row] = await database.owner.db.execute<{ n: number }>(sql`
          select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`);
        return row?.n;
      })
      .toBe(1);
    const id = await start();
    queued.resolve();
    await Promise.all([holding, placing]);
    const times = (await get(id))?.timeline.flatMap((it) => it.at ?? []) ?? [];
    expect(times).toHaveLength(2);
    expect(times).toEqual(times.toSorted());
  });

  it("never exceeds capacity, however many placers race", async () => {
    await database.owner.db.execute(sql`delete from allocations`);
    await database.owner.db.execute(sql`update instances set state = 'stopped'`);
    await setNode(5);
    const placers = Array.from({ length: 6 }, () => database.as("placer", { max: 1 }).db);
    await warm(placers);
    await Promise.all(Array.from({ length: 12 }, start));
    await Promise.all(placers.map((db) => placeQueue(db)));
    const [row] = await database.owner.db.execute(sql`
      select count(*)::int as n, sum(cpus)::float8 as cpus from allocations`);
    expect(row).toEqual({ n: 5, cpus: 5 });
    const [counts] = await database.owner.db.execute(sql`
      select count(*) filter (where state = 'queued')::int as queued,
        count(*) filter (where state = 'starting')::int as starting from instances`);
    expect(counts).toEqual({ queued: 7, starting: 5 });
  });

  it("goes on when another placer freezes while it holds the lock", async () => {
    await setNode(100);
    const frozen = database.as("placer", { max: 1 });
    const held = Promise.withResolvers<void>();
    const cut = frozen.db
      .transaction(async (tx) => {
        await lockPlacer(tx);
        held.resolve();
        // It never comes back: the server ends its session, and with it the lock.
        await new Promise(() => {});
      })
      .catch(() => {});
    await held.promise;
    const id = await start();
    const gateway = database.as("gateway").db;
    expect(await getInstance(gateway, seeded.userId, id)).toMatchObject({ state: "queued" });
    const { db } = database.as("placer");
    while ((await get(id))?.state !== "starting") await placeQueue(db).catch(() => {});
    void cut;
  });

  it("looks at the whole queue, and refuses at once what no node could ever hold", async () => {
    await database.owner.db.execute(sql`delete from allocations`);
    await database.owner.db.execute(sql`update instances set state = 'stopped'`);
    await setNode(1);
    const { owner } = database;
    const [big] = await owner.db.execute<{ id: string }>(sql`
      with e as (
        insert into environments (slug, name, kind, cpus) values ('huge', 'Huge', 'desktop', 64) returning id
      ) insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e returning id`);
    const [full] = await owner.db.execute<{ id: string }>(sql`
      insert into allocations (instance_id, node_id, cpus, memory_bytes)
      select id, ${database.nodeId}, 0.5, 1 from instances limit 1 returning instance_id as id`);
    expect(full).toBeDefined();
    // Too large for what is free: they wait, and there are more of them than fit a page.
    await owner.db.execute(sql`
      insert into instances (name, environment_id, version_id, owner_id, queued_at)
      select 'waits', ${seeded.environmentId}, ${seeded.versionId}, ${seeded.userId}, now() - interval '1 hour'
      from generate_series(1, 130)`);
    const [never] = await owner.db.execute<{ id: string }>(sql`
      insert into instances (name, environment_id, version_id, owner_id)
      select 'never', environment_id, id, ${seeded.userId} from versions where id = ${big?.id ?? ""} returning id`);
    const [small] = await owner.db.execute<{ id: string }>(sql`
      with e as (
        insert into environments (slug, name, kind, cpus) values ('tiny', 'Tiny', 'desktop', 0.1) returning id
      ), v as (
        insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e returning *
      ) insert into instances (name, environment_id, version_id, owner_id)
      select 'fits', environment_id, id, ${seeded.userId} from v returning id`);
    await placeQueue(database.as("placer").db);
    expect(await get(small?.id ?? "")).toMatchObject({ state: "starting" });
    expect(await get(never?.id ?? "")).toMatchObject({
      state: "failed",
      reason: { code: "never_fits" },
    });
    await owner.db.execute(sql`update instances set state = 'stopped' where name = 'waits'`);
  });

  it("ends what was stopped while it waited", async () => {
    await setNode(0);
    const id = await start();
    await wishInstance(database.as("gateway").db, {
      by: { owner: seeded.userId },
      instanceId: id,
      action: "stop",
    });
    await placeQueue(database.as("placer").db);
    expect(await get(id)).toMatchObject({
      state: "stopped",
      reason: { code: "stopped_by_person" },
    });
    const history = await database.owner.db.execute(sql`
      select to_state, actor from instance_history where instance_id = ${id} order by id`);
    expect(history).toEqual([
      { to_state: "queued", actor: "person" },
      { to_state: "stopping", actor: "person" },
      { to_state: "stopped", actor: "placer" },
    ]);
  });
});
