import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { insertInstance } from "../db/instances.ts";
import { getInstanceSpec } from "../db/node-instances.ts";
import {
  createTestDatabase,
  seedCatalogue,
  type Seeded,
  type TestDatabase,
} from "../db/testing.ts";
import { placeQueue } from "./placer.ts";

const gib = 1024 ** 3;
let database: TestDatabase;
let seeded: Seeded;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  seeded = await seedCatalogue(database.owner.db, { cpus: 1.3, memoryBytes: 2 * gib });
  await database.owner.sql`update nodes set ready = true, last_seen_at = now(), cpus = 16,
    memory_bytes = ${64 * gib}`;
});
afterEach(() => database.drop());

/** The only rule from now on. */
async function rule(name: string, resources: object): Promise<void> {
  await database.owner.sql`delete from rules`;
  await database.owner.db.execute(sql`insert into rules (name, effects)
    values (${name}, ${JSON.stringify({ resources })}::jsonb)`);
}
const allows = (cpus: number | null, memoryBytes: number | null) =>
  database.owner
    .sql`update environments set cpu_limit = ${cpus}, memory_limit_bytes = ${memoryBytes}`;

/** Starts one, has it placed, and reads as the node's controller what its container may take. */
async function limits() {
  const id = await insertInstance(database.as("gateway", { max: 1 }).db, {
    ...seeded,
    name: "one",
    experimentId: null,
  });
  await placeQueue(database.as("placer", { max: 1 }).db);
  const spec = await getInstanceSpec(database.as("node", { max: 1 }).db, id);
  if (!spec) throw new Error("it was not placed on this node");
  return { id, cpus: spec.cpuLimit, memoryBytes: spec.memoryLimitBytes };
}

describe("what a desktop may take", () => {
  it("is what the environment allows, where no rule says a size", async () => {
    expect(await limits()).toMatchObject({ cpus: null, memoryBytes: 2 * gib });
    await allows(4, 8 * gib);
    expect(await limits()).toMatchObject({ cpus: 4, memoryBytes: 8 * gib });
  });

  it("is the rule's size in place of what the environment allows, whether more or less", async () => {
    await rule("large", { cpus: 6, memoryBytes: 16 * gib });
    expect(await limits()).toMatchObject({ cpus: 6, memoryBytes: 16 * gib });
    await allows(4, 8 * gib);
    expect(await limits()).toMatchObject({ cpus: 6, memoryBytes: 16 * gib });
    await rule("small", { cpus: 0.7, memoryBytes: gib });
    const { cpus, memoryBytes } = await limits();
    expect(cpus).toBeCloseTo(0.7);
    expect(memoryBytes).toBe(gib);
  });

  it("is the rule's in what the rule names, and the environment's in the other", async () => {
    await allows(4, 8 * gib);
    await rule("more memory", { memoryBytes: 16 * gib });
    expect(await limits()).toMatchObject({ cpus: 4, memoryBytes: 16 * gib });
    await rule("fewer cores", { cpus: 3 });
    expect(await limits()).toMatchObject({ cpus: 3, memoryBytes: 8 * gib });
  });

  it("is what it was placed with, where the rule is gone by the time that it is made", async () => {
    await rule("large", { memoryBytes: 16 * gib });
    const { id } = await limits();
    await database.owner.sql`delete from rules`;
    const spec = await getInstanceSpec(database.as("node", { max: 1 }).db, id);
    expect(spec?.memoryLimitBytes).toBe(16 * gib);
  });
});
