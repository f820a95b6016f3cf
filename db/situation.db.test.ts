import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { compileRules } from "../scheduler/rules.ts";
import { insertInstance } from "./instances.ts";
import { readStarts } from "./rule-matches.ts";
import { readLive, readQueue } from "./situation.ts";
import { createTestDatabase, seedCatalogue, type Seeded, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
let seeded: Seeded;
let groupId: string;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  const { db } = database.owner;
  seeded = await seedCatalogue(db);
  await db.execute(sql`update users set roles = '{user,staff}' where id = ${seeded.userId}`);
  const [group] = await db.execute<{ id: string }>(sql`
    with g as (insert into groups (name) values ('students') returning id)
    insert into group_members (group_id, user_id) select id, ${seeded.userId} from g returning group_id as id`);
  groupId = group?.id ?? "";
  await insertInstance(db, { ...seeded, name: "Waits", experimentId: null });
});
afterAll(() => database.drop());

const staffOnly = compileRules([
  { id: "r", name: "Staff", priority: 0, enabled: true, when: { role: "staff" }, then: {} },
]);

it("tells rules the roles and groups of who waits, as lists", async () => {
  const [waiting] = await readQueue(database.as("placer").db, 10);
  expect(waiting).toMatchObject({ roles: ["user", "staff"], groupIds: [groupId] });
  if (!waiting) throw new Error("nobody waits");
  expect([...staffOnly.matching(waiting, Date.now())]).toHaveLength(1);
});

it("tells those of who is there, and of the last week's starts", async () => {
  const { db } = database.owner;
  await db.execute(sql`
    with i as (
      update instances set state = 'running', incarnation = 1, node_id = ${database.nodeId} returning id
    ), c as (
      insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at)
      select id, 1, ${database.nodeId}, 'none', 'none', now(), now() from i
    )
    insert into allocations (instance_id, node_id, cpus, memory_bytes)
    select id, ${database.nodeId}, 1, 1 from i`);
  const [live] = await readLive(database.as("placer").db);
  expect(live).toMatchObject({ roles: ["user", "staff"], groupIds: [groupId] });
  const [start] = await readStarts(database.as("gateway").db, []);
  expect(start).toMatchObject({ roles: ["user", "staff"], count: 1 });
});
