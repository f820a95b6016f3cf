import { randomUUID } from "node:crypto";
import { getTableColumns, getTableName, is, sql, Table } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { placeQueue } from "../controller/placer.ts";
import { sqlState } from "../db/errors.ts";
import { insertInstance } from "../db/instances.ts";
import { connect } from "../db/client.ts";
import { migrate } from "../db/migrate.ts";
import { provision } from "../db/provision.ts";
import { transitions } from "../db/states.ts";
import * as schema from "../db/schema.ts";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "../db/testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let database: TestDatabase;
let mine: string;
let others: string;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  const { db } = database.owner;
  const ready = sql`update nodes set ready = true, last_seen_at = now(), cpus = 100, memory_bytes = 1000000000000`;
  await db.execute(ready);
  const seeded = await seedCatalogue(db);
  const wish = { ...seeded, name: "one", experimentId: null };
  mine = await insertInstance(db, wish);
  await placeQueue(database.as("placer").db);
  await db.execute(sql`update nodes set schedulable = false`);
  await db.execute(sql`insert into nodes (name) values ('node-2')`);
  await db.execute(sql`update nodes set ready = true, last_seen_at = now(), cpus = 100,
    memory_bytes = 1000000000000 where name = 'node-2'`);
  others = await insertInstance(db, wish);
  await placeQueue(database.as("placer").db);
});
afterAll(() => database.drop());

async function refusal(part: "gateway" | "placer" | "node" | "relay", statement: string) {
  const connection = connect(database.urls[part], { max: 1 });
  try {
    await connection.sql.unsafe(statement);
    return "allowed";
  } catch (error) {
    return sqlState(error)?.code;
  } finally {
    await connection.close();
  }
}
const forbidden = "42501";
/** Writes to what other nodes say of themselves. */
const sqlOfOthers = (nodeId: string) => [
  `update node_gpus set present = false where node_id <> '${nodeId}' returning 1`,
  `update node_images set state = 'present' where node_id <> '${nodeId}' returning 1`,
];

describe("what each part's login may do", () => {
  it.each([
    ["node", "select password_hash from users"],
    ["node", "select * from sign_ins"],
    ["node", "select * from tickets"],
    ["node", "select * from signing_keys"],
    ["node", "insert into allocations select * from allocations"],
    ["node", "update nodes set schedulable = true"],
    [
      "node",
      "insert into work (subject_kind, subject_id, node_id) values ('instance', gen_random_uuid(), gen_random_uuid())",
    ],
    ["node", "update instances set state = 'queued'"],
    ["node", "update incarnations set number = number + 1"],
    ["node", "update incarnations set vnc_control = 'mine'"],
    ["node", "update work set node_id = gen_random_uuid()"],
    [
      "node",
      "insert into instance_history (instance_id, to_state, actor) select id, 'running', 'person' from instances",
    ],
    ["node", "select * from members"],
    ["node", "select * from homes"],
    ["relay", "select * from instance_data(gen_random_uuid())"],
    ["gateway", "select note_home(gen_random_uuid(), 1, 1, true)"],
    ["gateway", "delete from posix_ids"],
    ["relay", "select * from tickets"],
    ["relay", "select * from instances"],
    ["relay", "select * from users"],
    ["relay", "update tickets set used_at = null"],
    ["relay", "select * from incarnations"],
    ["gateway", "select vnc_control from incarnations"],
    ["gateway", "update audit set action = 'x'"],
    ["gateway", "delete from audit"],
    ["node", "select audit_limited('{}', '{}')"],
    ["relay", "select audit_limited('{}', '{}')"],
    ["placer", "select audit_limited('{}', '{}')"],
    ["gateway", "delete from users"],
    ["node", "select * from favourites"],
    ["relay", "select * from favourites"],
    ["placer", "insert into favourites select id, id from users"],
    ["gateway", "update favourites set created_at = now()"],
    ["placer", "select * from users"],
    ["placer", "select * from signing_keys"],
    ["placer", "delete from audit"],
    ["placer", "select sealed_id_token from sign_ins"],
    ["gateway", "delete from logout_tokens"],
    ["node", "select * from logout_tokens"],
    ["relay", "select forget_old_id_tokens()"],
    ["gateway", "create table mine (x int)"],
    ["gateway", "delete from stations"],
    ["placer", "select code_hash from stations"],
    ["placer", "select title from experiments"],
    ["placer", "select user_id from entitlements"],
    ["placer", "update entitlements set until_at = now()"],
    ["placer", "update beamlines set station_ending = 'owner'"],
    ["node", "select * from stations"],
    ["node", "select * from station_experiments(gen_random_uuid())"],
    ["node", "update instances set station_id = null"],
    ["node", "update node_images set wanted = true"],
    ["node", "delete from node_images"],
    ["node", "update node_gpus set set_slots = 64"],
    ["node", "delete from node_gpus"],
    ["node", "insert into allocation_gpus select * from allocation_gpus"],
    ["node", "delete from allocation_gpus"],
    ["node", "update nodes set set_labels = '{}'"],
    ["node", "update nodes set draining = false"],
    ["relay", "select * from node_images"],
    ["relay", "select * from node_gpus"],
    ["relay", "select * from stations"],
    ["relay", "select * from reachable_instances(gen_random_uuid())"],
    ["gateway", "delete from approvals"],
    ["placer", "select code_hash from approvals"],
    ["placer", "update approvals set expires_at = now()"],
    ["node", "select * from approvals"],
    ["relay", "select * from approvals"],
    ["placer", "insert into rules (name) values ('mine')"],
    ["placer", "update rules set priority = 1"],
    ["placer", "delete from rules"],
    ["placer", "select * from rule_versions"],
    ["placer", "insert into reservations (title) values ('mine')"],
    ["placer", "update reservations set seats = 1"],
    ["placer", "update nodes set draining = false"],
    ["placer", "update node_gpus set set_slots = 1"],
    ["node", "select * from rules"],
    ["node", "insert into rules (name) values ('mine')"],
    ["node", "select * from rule_versions"],
    ["node", "select * from reservations"],
    ["node", "select * from dedications"],
    ["node", "select * from gatherings"],
    ["node", "update nodes set draining = false"],
    ["node", "update nodes set set_labels = '{}'"],
    ["node", "update nodes set hold_reason = null"],
    ["node", "update node_gpus set set_slots = 64"],
    ["node", "delete from node_gpus"],
    ["node", "update node_images set wanted = true"],
    ["node", "delete from node_images"],
    ["node", "insert into allocation_gpus select * from allocation_gpus"],
    ["node", "update instances set notice_code = null"],
    ["relay", "select * from rules"],
    ["relay", "update rules set priority = 1"],
    ["relay", "select * from rule_versions"],
    ["relay", "select * from reservations"],
    ["relay", "select * from node_gpus"],
    ["relay", "select * from node_images"],
    ["gateway", "update rule_versions set reason = 'another'"],
    ["gateway", "delete from rule_versions"],
    ["gateway", "delete from reservations"],
    ["gateway", "insert into node_gpus (node_id, uuid) values (gen_random_uuid(), 'x')"],
    ["gateway", "update node_gpus set memory_bytes = 1"],
    ["gateway", "update node_images set wanted = true"],
    ["gateway", "update nodes set cpus = 1000"],
    ["gateway", "update nodes set reported_labels = '{}'"],
    ["gateway", "insert into allocation_gpus select * from allocation_gpus"],
    ["gateway", "insert into dedications (node_id) values (gen_random_uuid())"],
    ["gateway", "delete from gatherings"],
    ["gateway", "update nodes set epoch = epoch + 1"],
    ["gateway", "delete from allocations"],
    ["placer", "select end_gone_node(gen_random_uuid(), gen_random_uuid())"],
    ["node", "select end_gone_node(gen_random_uuid(), gen_random_uuid())"],
    ["relay", "select end_gone_node(gen_random_uuid(), gen_random_uuid())"],
    ...(["gateway", "placer", "node", "relay"] as const).map(
      (part) =>
        [
          part,
          `create temporary table mine (x int);
          create trigger mine after insert on mine for each statement execute function rank_anew()`,
        ] as const,
    ),
  ] as const)("%s may not: %s", async (part, statement) => {
    expect(await refusal(part, statement)).toBe(forbidden);
  });

  it("opens no function to everybody", async () => {
    // Who may execute one could hang it on a temporary table as a trigger, also where it has the owner's rights.
    const open = await database.owner.sql`
      select p.oid::regprocedure::text as name from pg_proc p
      where p.pronamespace = 'public'::regnamespace and has_function_privilege('public', p.oid, 'execute')
      order by 1`;
    expect(open.map((it) => it["name"])).toEqual([]);
  });

  it("lets a node see and change its own rows only", async () => {
    const { sql: node } = database.as("node");
    const rows = await node`select id from instances`;
    expect(rows.map((it) => it["id"])).toEqual([mine]);
    for (const table of ["instances", "work", "incarnations", "allocations", "nodes"])
      expect(await node.unsafe(`select * from ${table}`)).toHaveLength(1);
    await database.owner.sql`
      insert into node_gpus (node_id, uuid, model, memory_bytes) select id, 'GPU-1', 'A40', 1 from nodes`;
    await database.owner
      .sql`insert into node_images (node_id, version_id) select n.id, v.id from nodes n, versions v`;
    await database.owner.sql`
      insert into allocation_gpus select instance_id, node_id, 'GPU-1', 0, 1 from allocations`;
    for (const table of ["node_gpus", "node_images", "allocation_gpus"])
      expect(await node.unsafe(`select * from ${table}`)).toHaveLength(1);
    const other = sqlOfOthers(database.nodeId);
    for (const statement of other) expect(await node.unsafe(statement)).toHaveLength(0);
    const history = await node`select distinct instance_id as id from instance_history`;
    expect(history.map((it) => it["id"])).toEqual([mine]);
    const changed =
      await node`update instances set state = 'failed' where id = ${others} returning id`;
    expect(changed).toHaveLength(0);
    const people = await node`select * from instance_person(${others})`;
    expect(people).toHaveLength(0);
    expect(await node`select * from instance_person(${mine})`).toHaveLength(1);
    const { sql: owner } = database.owner;
    await owner`with b as (insert into beamlines (code, name) values ('B', 'B') returning id),
      x as (insert into experiments (code, beamline_id, starts_at, ends_at)
        select 'X', id, now(), now() + interval '1 day' from b returning id)
      insert into members (experiment_id, user_id) select x.id, i.owner_id from x, instances i
      where i.id = ${mine}`;
    expect(await node`select * from instance_data(${mine})`).toHaveLength(1);
    expect(await node`select * from instance_data(${others})`).toHaveLength(0);
    await node`select note_home(${others}, 10, 5, true)`;
    expect(await owner`select 1 from homes`).toHaveLength(0);
    await node`select note_home(${mine}, 10, 5, true)`;
    expect(await owner`select free_bytes::int as free from homes`).toEqual([{ free: 5 }]);
  });

  it("lets a node see and report its own GPUs and images only", async () => {
    const { sql: owner } = database.owner;
    // What tests before have left there.
    await emptyTables(owner, "allocation_gpus, node_gpus, node_images");
    await owner`insert into node_gpus (node_id, uuid, model, memory_bytes)
      select id, 'GPU-' || name, 'A100', 40 from nodes`;
    await owner`insert into node_images (node_id, version_id) select n.id, v.id from nodes n, versions v`;
    await owner`insert into allocation_gpus (instance_id, node_id, uuid, slot, memory_bytes)
      select a.instance_id, n.id, 'GPU-' || n.name, 0, 1 from allocations a join nodes n on n.id = a.node_id`;
    const { sql: node } = database.as("node");
    for (const table of ["node_gpus", "node_images", "allocation_gpus"])
      expect(await node.unsafe(`select * from ${table}`)).toHaveLength(1);
    expect(await node`update node_gpus set memory_bytes = 41 returning uuid`).toEqual([
      { uuid: "GPU-node-1" },
    ]);
    expect(await node`update node_images set state = 'present' returning 1`).toHaveLength(1);
    const others = "(select id from nodes where name = 'node-2')";
    for (const statement of [
      `insert into node_gpus (node_id, uuid, model, memory_bytes) values ('${randomUUID()}', 'GPU-1', 'A100', 1)`,
      `insert into node_images (node_id, version_id) values ('${randomUUID()}', '${randomUUID()}')`,
    ])
      expect(await refusal("node", statement)).toBe(forbidden);
    expect(await node.unsafe(`select * from node_gpus where node_id = ${others}`)).toHaveLength(0);
    expect(await owner`select memory_bytes::int as bytes from node_gpus order by uuid`).toEqual([
      { bytes: 41 },
      { bytes: 40 },
    ]);
  });

  it("does not let a node hand its instance to another node", async () => {
    expect(
      await refusal(
        "node",
        `update instances set node_id = gen_random_uuid() where id = '${mine}'`,
      ),
    ).toBe(forbidden);
    expect(await refusal("node", "update work set node_id = gen_random_uuid()")).toBe(forbidden);
  });

  it("lets nobody connect who has no login of this installation", async () => {
    const stranger = await createTestDatabase(inject("postgresUrl"));
    const url = new URL(stranger.urls.gateway);
    url.pathname = new URL(database.ownerUrl).pathname;
    const connection = connect(url.href, { max: 1 });
    await expect(connection.sql`select 1`).rejects.toMatchObject({ code: forbidden });
    await connection.close();
    await stranger.drop();
  });
});

describe("the table of states", () => {
  it("is the same in the database, for what a controller may do", async () => {
    const rows = await database.owner.db.execute<{ pair: string }>(sql`
      select from_state || '>' || to_state as pair from controller_transitions`);
    const described = transitions
      .filter((it) => it.by.includes("controller"))
      .map((it) => `${it.from}>${it.to}`);
    expect(rows.map((it) => it.pair).sort()).toEqual(described.sort());
  });
});

describe("a relay's login", () => {
  it("redeems for its own node only", async () => {
    const relay = database.as("relay").db;
    const asked = await relay.execute<{ fault: string | null }>(sql`
      select ticket_fault(gen_random_uuid(), gen_random_uuid()) as fault`);
    expect(asked[0]?.fault ?? null).toBeNull();
    const own = await relay.execute<{ fault: string }>(sql`
      select ticket_fault(gen_random_uuid(), ${database.nodeId}) as fault`);
    expect(own[0]?.fault).toBe("ticket_unknown");
  });
});

describe("migrations", () => {
  it("make the tables that the schema describes", async () => {
    const rows = await database.owner.db.execute<{
      table: string;
      column: string;
      nullable: string;
    }>(sql`
      select table_name as table, column_name as column, is_nullable as nullable
      from information_schema.columns
      where table_schema = 'public' and table_name <> 'schema_migrations'`);
    const real = rows.map((it) => `${it.table}.${it.column}${it.nullable === "YES" ? "?" : ""}`);
    const described = Object.values(schema).flatMap((table) =>
      is(table, Table)
        ? Object.values(getTableColumns(table)).map(
            (it) => `${getTableName(table)}.${it.name}${it.notNull ? "" : "?"}`,
          )
        : [],
    );
    expect(real.sort()).toEqual(described.sort());
  });

  it("run once, whoever else runs them, and refuse a newer schema", async () => {
    const applied = await Promise.all([migrate(database.ownerUrl), migrate(database.ownerUrl)]);
    expect(applied).toEqual([0, 0]);
    await database.owner.db.execute(
      sql`insert into schema_migrations (version, name) values (9999, '9999_later')`,
    );
    await expect(migrate(database.ownerUrl)).rejects.toMatchObject({
      code: "schema_newer",
      message: expect.stringContaining("9999_later"),
    });
    await database.owner.db.execute(sql`delete from schema_migrations where version = 9999`);
  });

  it("provision again with other passwords, and the node stays the same", async () => {
    const secrets = {
      gateway: randomUUID(),
      placer: randomUUID(),
      node: randomUUID(),
      relay: randomUUID(),
    };
    // One that reports and has another password is another machine of the same name.
    await database.owner.sql`update nodes set last_seen_at = now() - interval '1 minute'`;
    const address = () => ({ nodeName: "node-1", relayUrl: "unix:/a", controllerUrl: "unix:/b" });
    const again = await provision(database.ownerUrl, { secrets, address });
    expect(again.nodeId).toBe(database.nodeId);
    const connection = connect(again.urls.node, { max: 1 });
    expect(await connection.sql`select relay_url from nodes`).toEqual([{ relay_url: "unix:/a" }]);
    await connection.close();
  });
});
