import fc from "fast-check";
import { sql } from "drizzle-orm";
import { describe, expect, inject, it } from "vitest";
import { createTestDatabase, seedCatalogue } from "../db/testing.ts";
import { meddlings, mishaps } from "../test/racing-node.ts";
import { placeQueue } from "./placer.ts";
import type { GpuNeed, Size } from "../test/racing-ledger.ts";
import { RacingSite, type Act } from "../test/racing-site.ts";

const gib = 1024 ** 3;
const lanes = 5;

const index = fc.nat({ max: 30 });
const on = fc.nat({ max: 2 });
/** Tenths and quarters, so that sums of 32-bit floats are not exact. */
const nodeSize: fc.Arbitrary<Size> = fc.record({
  cpus: fc.constantFrom(0.5, 1, 1.2, 2, 3.3),
  memoryBytes: fc.constantFrom(1, 2, 3, 8).map((it) => it * gib),
});
const siteNode = fc.record({
  cpus: fc.constantFrom(0.5, 1, 1.2, 2, 3.3),
  memoryBytes: fc.constantFrom(1, 2, 3, 8).map((it) => it * gib),
  gpuCount: fc.nat({ max: 2 }),
});
const environmentSize: fc.Arbitrary<Size & GpuNeed> = fc.record({
  cpus: fc.constantFrom(0.1, 0.3, 0.4, 0.7, 1, 2.5),
  memoryBytes: fc.constantFrom(0.25, 0.5, 1, 2).map((it) => it * gib),
  gpus: fc.constantFrom(0, 0, 1, 2),
  gpuMemoryBytes: fc.constantFrom(null, 3 * gib, 5 * gib),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("start" as const), environment: index }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("stop" as const, "restart"), which: index }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("place" as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("work" as const),
      on,
      limit: fc.integer({ min: 1, max: 8 }),
      mishap: fc.oneof(
        { weight: 2, arbitrary: fc.constant("none" as const) },
        { weight: 1, arbitrary: fc.constantFrom(...mishaps) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("compare" as const, "silence"), on }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("register" as const),
      on,
      size: nodeSize,
      label: fc.constantFrom("a", "b"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("schedulable" as const), on, value: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("meddle" as const),
      on,
      which: index,
      how: fc.constantFrom(...meddlings),
      told: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("time" as const) }) },
);
const race = fc.array(fc.array(act, { minLength: 4, maxLength: 14 }), {
  minLength: lanes,
  maxLength: lanes,
});

describe("wishes, placers, controllers and nodes that race", () => {
  it("never take more than there is, and leave nothing that fits waiting", async () => {
    const site = fc.record({
      nodes: fc.array(siteNode, { minLength: 1, maxLength: 3 }),
      environments: fc.array(environmentSize, { minLength: 1, maxLength: 3 }),
    });
    const races = fc.array(race, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(site, races, async (options, races) => {
        const database = await createTestDatabase(inject("postgresUrl"));
        try {
          const site = await RacingSite.create(database, { ...options, lanes });
          for (const lanes of races) await site.race(lanes);
          await site.settle();
        } finally {
          await database.drop();
        }
      }),
      // What the connections made of it does not come again, so shrinking would mislead.
      { numRuns: 40, endOnFailure: true, interruptAfterTimeLimit: 20_000 },
    );
  });

  it("fill a node to the last tenth of a core", async () => {
    const database = await createTestDatabase(inject("postgresUrl"));
    const cpus = 32;
    await database.owner.db.execute(sql`
      update nodes set cpus = ${cpus}, memory_bytes = 1e12, ready = true, last_seen_at = now()`);
    const seeded = await seedCatalogue(database.owner.db, { cpus: 0.1, memoryBytes: 1 });
    await database.owner.db.execute(sql`
      insert into instances (name, environment_id, version_id, owner_id)
      select 'small', ${seeded.environmentId}, ${seeded.versionId}, ${seeded.userId}
      from generate_series(1, ${cpus * 10 + 1})`);
    const { db } = database.as("placer");
    expect(await placeQueue(db)).toBe(cpus * 10);
    expect(await placeQueue(db)).toBe(0);
    await database.drop();
  });
});
