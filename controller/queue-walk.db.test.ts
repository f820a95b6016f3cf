/** Queues of more than one page. */
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "../db/testing.ts";
import { placeQueue } from "./placer.ts";

const gib = 1024 ** 3;
let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
});
afterEach(() => database.drop());

const owner = () => database.owner.sql;
const placer = () => database.as("placer").db;

async function nodeOf(cpus: number): Promise<void> {
  await owner()`update nodes set ready = true, last_seen_at = now(), cpus = ${cpus}, memory_bytes = ${64 * gib}`;
}
const environment = (cpus: number) => seedCatalogue(database.owner.db, { cpus, memoryBytes: gib });
async function rule(when: object, then: object): Promise<void> {
  await database.owner.db.execute(sql`insert into rules (name, conditions, effects)
    values (${JSON.stringify(then)}, ${JSON.stringify(when)}::jsonb, ${JSON.stringify(then)}::jsonb)`);
}
/** So many of one environment, each somebody else's and a second younger than the one before. */
async function queue(
  it: { environmentId: string; versionId: string },
  count: number,
  secondsAgo: number,
): Promise<string[]> {
  const rows = await owner()<{ id: string }[]>`
    with people as (
      insert into users (username, display_name)
      select 'p' || left(md5(random()::text), 20), 'P' from generate_series(1, ${count}::int) returning id
    )
    insert into instances (name, environment_id, version_id, owner_id, queued_at)
    select 'one', ${it.environmentId}, ${it.versionId}, id,
      now() - ${secondsAgo}::int * interval '1 s' + row_number() over () * interval '1 s'
    from people returning id`;
  return rows.map((row) => row.id);
}
async function look(id: string | undefined) {
  const [row] = await owner()<{ state: string; code: string | null; text: string | null }[]>`
    select state, reason_code as code, reason_text as text from instances where id = ${id ?? ""}`;
  return row;
}

it("keeps the place within a limit of what waits for room on the pages before", async () => {
  await nodeOf(4);
  const [large, small] = [await environment(4), await environment(1)];
  const [running] = await queue(small, 1, 9000);
  await placeQueue(placer());
  expect(await look(running)).toMatchObject({ state: "starting" });
  const first = await queue(large, 100, 8000);
  const [late] = await queue(small, 1, 10);
  await rule({}, { limits: { total: 100 } });
  await placeQueue(placer());
  expect(await look(first[0])).toMatchObject({ state: "queued", code: "no_capacity" });
  expect(await look(late)).toMatchObject({
    state: "queued",
    code: "limit_reached",
    text: expect.stringContaining("1 live, 99 ahead in the queue"),
  });
});

it("puts who is new in their place before it begins, though a whole page stands before them", async () => {
  await nodeOf(4);
  const [many, first] = [await environment(1), await environment(1)];
  await rule({ environment: `env-${first.username}` }, { priority: 1000 });
  await owner()`update nodes set schedulable = false`;
  await queue(many, 120, 9000);
  await placeQueue(placer());
  const [urgent] = await queue(first, 1, 10);
  await owner()`update nodes set schedulable = true`;
  await nodeOf(1);
  await placeQueue(placer());
  expect(await look(urgent)).toMatchObject({ state: "starting" });
});
