/** Queues of more than one page. */
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import type { Db } from "../db/client.ts";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "../db/testing.ts";
import { nothingRemembered, placeQueue } from "./placer.ts";

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

it("gathers room for what has waited long, by how long its like usually lasts, against the pages behind as well", async () => {
  await nodeOf(8);
  const [large, small] = [await environment(6), await environment(4)];
  const [past, running] = [
    (await queue(small, 1, 9000))[0] ?? "",
    (await queue(small, 1, 8000))[0],
  ];
  const memory = nothingRemembered();
  await placeQueue(placer(), { memory });
  expect(await look(running)).toMatchObject({ state: "starting" });
  await owner()`update incarnations set ended_at = placed_at + interval '1 hour' where instance_id = ${past}`;
  await owner()`update instances set state = 'stopped', ended_at = now() where id = ${past}`;
  await owner()`delete from allocations where instance_id = ${past}`;
  const first = await queue(large, 110, 7000);
  // Who waits is asked after for the next walk, and not before this one.
  await placeQueue(placer(), { memory });
  const [late] = await queue(small, 1, 10);
  await placeQueue(placer(), { memory });
  expect(await look(first[0])).toMatchObject({ state: "queued", code: "no_capacity" });
  expect(await look(late)).toMatchObject({ state: "queued", code: "room_gathered" });
  expect((await look(first[0]))?.text).toContain("; room is gathered for it on ");
  // A placer that has just been started keeps to it.
  await placeQueue(placer());
  expect(await look(late)).toMatchObject({ state: "queued", code: "room_gathered" });
  // Its time is over: for a while the node takes what fits, though others wait who are as large.
  await owner()`update gatherings set until_at = now()`;
  await placeQueue(placer(), { memory });
  expect(await look(late)).toMatchObject({ state: "starting" });
  expect(await look(first[0])).toMatchObject({ state: "queued", code: "no_capacity" });
});

it("keeps a node for nobody who has given up, and for nobody against who stands before them", async () => {
  await nodeOf(9);
  const [large, small] = [await environment(6), await environment(4)];
  const [running] = await queue(small, 1, 8000);
  await placeQueue(placer());
  await owner()`update instances set expires_at = now() + interval '20 minutes' where id = ${running ?? ""}`;
  const [first] = await queue(large, 1, 7000);
  await placeQueue(placer());
  const [late] = await queue(small, 1, 10);
  await placeQueue(placer());
  expect(await look(late)).toMatchObject({ state: "queued", code: "room_gathered" });
  const [urgent] = await queue(await environment(1), 1, 10);
  await owner()`
    update instances set queue_priority = 5, queue_at = queued_at where id = ${urgent ?? ""}`;
  await placeQueue(placer());
  expect(await look(urgent)).toMatchObject({ state: "starting" });
  await owner()`update instances set state = 'stopping', desired = 'stopped' where id = ${first ?? ""}`;
  await placeQueue(placer());
  expect(await look(late)).toMatchObject({ state: "starting" });
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

it("puts who waits already in other places once a rule begins or ceases to count", async () => {
  await nodeOf(1);
  const [many, first] = [await environment(2), await environment(2)];
  await owner()`update nodes set cpus = 2, schedulable = false`;
  const others = await queue(many, 120, 9000);
  const [urgent] = await queue(first, 1, 10);
  const memory = nothingRemembered();
  const before = async (id: string | undefined) => {
    const [row] = await owner()<{ n: number }[]>`
      select (select count(*)::int from instances o
        where (-o.queue_priority, o.queue_at, o.id) < (-i.queue_priority, i.queue_at, i.id)) as n
      from instances i where id = ${id ?? ""}`;
    return row?.n;
  };
  // Written as if it had always been there: the trigger of a change orders anew by itself.
  const window = async (from: string, until: string) => {
    await owner()`alter table rules disable trigger rules_rank`;
    await owner()`delete from rules`;
    await owner()`
      insert into rules (name, conditions, effects)
      select 'urgent', jsonb_build_object('environment', ${`env-${first.username}`}::text,
        'from', now() + ${from}::interval, 'until', now() + ${until}::interval), '{"priority": 5}'`;
  };
  await window("1 hour", "2 hours");
  await placeQueue(placer(), { memory });
  expect(await before(urgent)).toBe(120);
  // An hour has passed for the rule.
  await window("0", "1 hour");
  await placeQueue(placer(), { memory });
  expect(await before(urgent)).toBe(0);
  await window("-1 hour", "0");
  await placeQueue(placer(), { memory });
  expect(await before(urgent)).toBe(120);
  expect(await before(others[0])).toBe(0);
  // Nothing has passed since: nobody is put in another place.
  await owner()`update instances set queue_priority = 7 where id = ${urgent ?? ""}`;
  await placeQueue(placer(), { memory });
  expect(await before(urgent)).toBe(0);
  // A placer that has just been started cannot know, and looks anew.
  await placeQueue(placer());
  expect(await before(urgent)).toBe(120);
});

/** A placer whose walk is interrupted behind its page of that number. */
function interrupted(page: number, by: () => Promise<unknown>): { db: Db; activations(): number } {
  const db = placer();
  const [transaction, stepped] = [db.transaction.bind(db), Object.create(db) as Db];
  let [pages, activations] = [0, 0];
  stepped.transaction = async (run) => {
    const result = await transaction(run);
    pages += 1;
    if (pages !== page) return result;
    await by();
    activations += 1;
    return result;
  };
  return { db: stepped, activations: () => activations };
}

it("gives what becomes free during a long walk to those who stand first, and goes on to the end", async () => {
  await nodeOf(4);
  const [large, small] = [await environment(4), await environment(1)];
  await rule({}, { limits: { total: 1000 } });
  const [running] = await queue(small, 1, 9000);
  await placeQueue(placer());
  const waiting = await queue(large, 550, 8000);
  const free = () => owner()`delete from allocations where instance_id = ${running ?? ""}`;
  const { db, activations } = interrupted(5, free);
  expect(await placeQueue(db, { activations })).toBe(1);
  expect(await look(waiting[0])).toMatchObject({ state: "starting" });
  const rest = await owner()<{ code: string; n: number }[]>`
    select reason_code as code, count(*)::int as n from instances where state = 'queued' group by 1`;
  expect(rest).toEqual([{ code: "no_capacity", n: 549 }]);
});

it("lets nobody who stands behind the first page be ahead of who comes to stand there meanwhile", async () => {
  await nodeOf(4);
  const [large, small, first] = [await environment(4), await environment(1), await environment(1)];
  await queue(small, 1, 9000);
  await placeQueue(placer());
  const waiting = await queue(large, 550, 8000);
  await rule({}, { limits: { total: 200 } });
  await rule({ environment: `env-${first.username}` }, { priority: 1000 });
  const urgent: string[] = [];
  const come = async () => urgent.push(...(await queue(first, 1, 10)));
  const { db, activations } = interrupted(5, come);
  await placeQueue(db, { activations });
  expect(await look(urgent[0])).toMatchObject({ state: "starting" });
  expect(await look(waiting[198])).toMatchObject({ code: "no_capacity" });
  expect(await look(waiting[199])).toMatchObject({
    code: "limit_reached",
    text: expect.stringContaining("1 live, 199 ahead in the queue"),
  });
});
