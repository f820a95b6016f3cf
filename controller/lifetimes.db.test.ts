import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { placeQueue } from "./placer.ts";
import type { Db } from "../db/client.ts";
import { getInstance, insertInstance, wishInstance } from "../db/instances.ts";
import { endExpired, extendInstance, warnOfEnds } from "../db/lifetimes.ts";
import {
  createTestDatabase,
  seedCatalogue,
  type Seeded,
  type TestDatabase,
} from "../db/testing.ts";

let database: TestDatabase;
let gateway: Db;
let placer: Db;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  gateway = database.as("gateway").db;
  placer = database.as("placer").db;
  seeded = await seedCatalogue(database.owner.db, { cpus: 0.01, memoryBytes: 1 });
  await database.owner.sql`update nodes set ready = true, last_seen_at = now(), cpus = 100,
    memory_bytes = 1000000000`;
  await database.owner.sql`insert into rules (name, effects)
    values ('hours', '{"lifetime": {"maxMinutes": 60}}')`;
});
afterAll(() => database.drop());

async function startRunning(): Promise<string> {
  const id = await insertInstance(gateway, { ...seeded, name: "one", experimentId: null });
  await placeQueue(placer);
  await database.owner.sql`update instances set state = 'running' where id = ${id}`;
  return id;
}
/** Its end comes this much nearer, or is past. */
const age = (id: string, minutes: number) =>
  database.owner
    .sql`update instances set expires_at = now() + ${minutes} * interval '1 min' where id = ${id}`;
const look = async (id: string) => {
  const found = await getInstance(gateway, seeded.userId, id);
  if (!found) throw new Error("it is not there");
  return found;
};
const minutesLeft = (at: string | null) => (Date.parse(at ?? "") - Date.now()) / 60_000;

describe("an instance that may live for an hour", () => {
  it("is told its end from the start, and can be given as much again, by its owner alone", async () => {
    const id = await startRunning();
    expect(minutesLeft((await look(id)).expiresAt)).toBeGreaterThan(55);
    await age(id, 3);
    expect(
      await extendInstance(gateway, (await seedCatalogue(database.owner.db)).userId, id),
    ).toEqual({
      kind: "unknown",
    });
    expect(await extendInstance(gateway, seeded.userId, id)).toEqual({ kind: "accepted" });
    expect(minutesLeft((await look(id)).expiresAt)).toBeGreaterThan(55);
  });

  it("warns once before the end, and no more once it is extended", async () => {
    const id = await startRunning();
    expect(await warnOfEnds(placer)).toBe(0);
    await age(id, 10);
    expect(await warnOfEnds(placer)).toBe(1);
    expect(await warnOfEnds(placer)).toBe(0);
    expect((await look(id)).notice?.code).toBe("ends_soon");
    await extendInstance(gateway, seeded.userId, id);
    expect((await look(id)).notice).toBeNull();
    await age(id, 10);
    expect(await warnOfEnds(placer)).toBe(1);
  });

  it("ends when its time is over, with the reason, and its node is asked to make it so", async () => {
    const id = await startRunning();
    expect(await endExpired(placer)).toBe(0);
    await age(id, -1);
    expect(await endExpired(placer)).toBe(1);
    expect(await endExpired(placer)).toBe(0);
    expect(await look(id)).toMatchObject({
      state: "stopping",
      desired: "stopped",
      reason: { code: "lifetime_over", text: expect.stringContaining("60 minutes") },
    });
    const [work] = await database.owner
      .sql`select wanted > done as due from work where subject_id = ${id}`;
    expect(work).toEqual({ due: true });
    expect(await extendInstance(gateway, seeded.userId, id)).toMatchObject({
      kind: "refused",
      state: "stopping",
    });
  });

  it("has the limit of its next placement when it starts anew", async () => {
    const id = await startRunning();
    await age(id, 10);
    await warnOfEnds(placer);
    await database.owner.sql`update instances set state = 'stopped' where id = ${id}`;
    await wishInstance(gateway, {
      by: { owner: seeded.userId },
      instanceId: id,
      action: "restart",
    });
    expect(await look(id)).toMatchObject({ state: "queued", expiresAt: null, notice: null });
    await database.owner.sql`delete from allocations where instance_id = ${id}`;
    await placeQueue(placer);
    expect(minutesLeft((await look(id)).expiresAt)).toBeGreaterThan(55);
  });
});

describe("an instance without a limit", () => {
  it("has nothing to extend", async () => {
    const id = await startRunning();
    await database.owner.sql`update instances set expires_at = null where id = ${id}`;
    expect(await extendInstance(gateway, seeded.userId, id)).toEqual({ kind: "endless" });
  });
});
