/** What people are asked because of their node is not lost behind another notice, nor by what happens at once. */
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { dedicateNode, endDedications } from "../db/dedications.ts";
import { getInstance, insertInstance } from "../db/instances.ts";
import { extendInstance, warnOfEnds } from "../db/lifetimes.ts";
import { updateNode } from "../db/node-changes.ts";
import {
  createTestDatabase,
  seedCatalogue,
  type Seeded,
  type TestDatabase,
} from "../db/testing.ts";
import { startLoop } from "./loop.ts";
import { placerTasks } from "./loops.ts";
import { placeQueue } from "./placer.ts";

let database: TestDatabase;
let seeded: Seeded;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  seeded = await seedCatalogue(database.owner.db, { cpus: 1, memoryBytes: 1 });
  await owner()`update nodes set ready = true, last_seen_at = now(), cpus = 8, memory_bytes = 100`;
});
afterEach(() => database.drop());

const owner = () => database.owner.sql;
const gateway = () => database.as("gateway").db;
const placer = () => database.as("placer").db;

const insert = () => insertInstance(gateway(), { ...seeded, name: "one", experimentId: null });
async function startRunning(): Promise<string> {
  const id = await insert();
  await placeQueue(placer());
  await owner()`update instances set state = 'running', max_minutes = 60,
    expires_at = now() + interval '1 hour' where id = ${id}`;
  return id;
}
const notice = async (id: string) =>
  (await getInstance(gateway(), seeded.userId, id))?.notice ?? null;
const drain = (draining: boolean, db = gateway()) =>
  updateNode(
    db,
    database.nodeId,
    { id: seeded.userId, name: "root" },
    { draining, reason: "disk" },
  );
const warn = async () => {
  await owner()`update instances set expires_at = now() + interval '5 min'`;
  await warnOfEnds(placer());
};
/** One run of what the placer does over and over. */
const lookAfter = () => {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const db = placer();
  const tasks = placerTasks({
    db,
    placing: db,
    log,
    wished: new Set(),
    lostMs: 60_000,
  });
  return startLoop(tasks.lifetimes, log).stop();
};
async function dedicate(): Promise<void> {
  const [row] = await owner()<{ id: string }[]>`
    with b as (insert into beamlines (code, name) values ('B', 'B') returning id),
    r as (insert into rules (name, effects) values ('online', '{"dedicate": true}'))
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select 'X', id, now() - interval '1 hour', now() + interval '1 hour' from b returning id`;
  const [rule] = await owner()<{ id: string }[]>`select id from rules`;
  await dedicateNode(placer(), {
    nodeId: database.nodeId,
    experimentId: row?.id ?? "",
    ruleId: rule?.id ?? "",
    ruleName: "online",
  });
}

describe("who is asked to move", () => {
  it("is asked again once the warning of the end is over, as the node is still drained", async () => {
    const id = await startRunning();
    await drain(true);
    await warn();
    expect(await notice(id)).toMatchObject({ code: "ends_soon" });
    await extendInstance(gateway(), seeded.userId, id);
    expect(await notice(id)).toMatchObject({
      code: "node_draining",
      text: expect.stringContaining("node-1 is being emptied: disk."),
    });
    await drain(false);
    expect(await notice(id)).toBeNull();
  });

  it("is not asked any more where the draining ended meanwhile", async () => {
    const id = await startRunning();
    await drain(true);
    await warn();
    await drain(false);
    await extendInstance(gateway(), seeded.userId, id);
    expect(await notice(id)).toBeNull();
  });

  it("is asked for a beamtime once the draining is over, and the other way round", async () => {
    const id = await startRunning();
    await dedicate();
    expect(await notice(id)).toMatchObject({ code: "node_needed_for_beamtime" });
    await drain(true);
    expect(await notice(id)).toMatchObject({ code: "node_draining" });
    await drain(false);
    expect(await notice(id)).toMatchObject({ code: "node_needed_for_beamtime" });
    await warn();
    await drain(true);
    expect(await notice(id)).toMatchObject({ code: "ends_soon" });
    await owner()`update experiments set ends_at = now() - interval '1 min'`;
    await endDedications(placer());
    await extendInstance(gateway(), seeded.userId, id);
    expect(await notice(id)).toMatchObject({ code: "node_draining" });
  });

  it("is asked also where it was placed while the draining began", async () => {
    let id = "";
    await gateway().transaction(async (tx) => {
      await drain(true, tx);
      // Nobody sees the draining yet.
      id = await insert();
      await placeQueue(placer());
    });
    expect((await getInstance(gateway(), seeded.userId, id))?.state).toBe("starting");
    await lookAfter();
    expect(await notice(id)).toMatchObject({ code: "node_draining" });
    const [before] = await owner()`select notice_at, xmin::text from instances where id = ${id}`;
    await lookAfter();
    expect(await owner()`select notice_at, xmin::text from instances where id = ${id}`).toEqual([
      before,
    ]);
  });

  it("keeps the warning of its end", async () => {
    const id = await startRunning();
    await warn();
    await drain(true);
    await lookAfter();
    expect(await notice(id)).toMatchObject({ code: "ends_soon" });
  });
});
