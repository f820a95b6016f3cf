import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { endDedications } from "../db/dedications.ts";
import { getInstance, insertInstance } from "../db/instances.ts";
import { reportState } from "../db/node-instances.ts";
import {
  createTestDatabase,
  seedCatalogue,
  type Seeded,
  type TestDatabase,
} from "../db/testing.ts";
import { claimWork } from "../db/work.ts";
import { dedicateForBeamtimes } from "./beamtimes.ts";
import { writeExpectations } from "./expectations.ts";
import { placeQueue } from "./placer.ts";
import { askForImages } from "./wanted-images.ts";

const gib = 1024 ** 3;
let database: TestDatabase;
let seeded: Seeded;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  seeded = await seedCatalogue(database.owner.db, { cpus: 1, memoryBytes: gib });
  await ready("node-1", 8);
});
afterEach(() => database.drop());

const owner = () => database.owner.sql;
const placer = () => database.as("placer").db;
const place = () => placeQueue(placer());

async function ready(name: string, cpus: number): Promise<void> {
  await owner()`update nodes set ready = true, last_seen_at = now(), cpus = ${cpus},
    memory_bytes = ${64 * gib} where name = ${name}`;
}
async function addNode(name: string, cpus: number): Promise<string> {
  const { nodeId } = await database.addNode(name);
  await ready(name, cpus);
  return nodeId;
}
async function rule(name: string, when: object, then: object, priority = 0): Promise<void> {
  await database.owner.db.execute(sql`insert into rules (name, priority, conditions, effects)
    values (${name}, ${priority}, ${JSON.stringify(when)}::jsonb, ${JSON.stringify(then)}::jsonb)`);
}
async function person(): Promise<string> {
  return (await seedCatalogue(database.owner.db)).userId;
}
async function experiment(code: string, from: string, until: string): Promise<string> {
  const [row] = await owner()<{ id: string }[]>`
    with b as (insert into beamlines (code, name) values (${`B-${code}`}, 'B') returning id)
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select ${code}, id, now() + ${from}::interval, now() + ${until}::interval from b returning id`;
  return row?.id ?? "";
}
const start = (more: { userId?: string; experimentId?: string | null } = {}): Promise<string> =>
  insertInstance(database.as("gateway", { max: 1 }).db, {
    ...seeded,
    name: "one",
    experimentId: null,
    ...more,
  });

async function look(id: string) {
  const [row] = await owner()<
    { owner: string }[]
  >`select owner_id as owner from instances where id = ${id}`;
  const found = await getInstance(database.owner.db, row?.owner ?? "", id);
  if (!found) throw new Error("it is not there");
  return found;
}
const states = (ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await look(id)).state));

/** As its controller reports it once the container has been seen gone. */
async function end(id: string): Promise<void> {
  const node = database.as("node", { max: 1 }).db;
  await owner()`update instances set state = 'stopping', desired = 'stopped' where id = ${id}`;
  await owner()`update work set wanted = wanted + 1, run_at = now() where subject_id = ${id}`;
  const beat = { ready: true, reasonCode: null, reasonText: null };
  const [{ epoch } = { epoch: 0 }] = await owner()<{ epoch: number }[]>`
    select epoch::int from nodes where id = ${database.nodeId}`;
  const leases = await claimWork(node, {
    nodeId: database.nodeId,
    epoch,
    limit: 100,
    leaseMs: 30_000,
    beat,
  });
  const lease = leases.find((it) => it.subjectId === id);
  if (!lease) throw new Error("its work was not claimed");
  await reportState(node, lease, { to: "stopped" });
}

describe("GPUs", () => {
  beforeEach(async () => {
    await owner()`insert into node_gpus (node_id, uuid, model, memory_bytes, slots)
      values (${database.nodeId}, 'GPU-a', 'A40', ${48 * gib}, 2), (${database.nodeId}, 'GPU-b', 'A40', ${48 * gib}, 2)`;
    await owner()`update environments set gpus = 1, gpu_memory_bytes = ${24 * gib}`;
  });
  const held = () => owner()`select uuid, slot from allocation_gpus order by uuid, slot`;

  it("are shared by slots, each slot once, and what finds none waits until one is free", async () => {
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push(await start());
    await place();
    expect((await states(ids)).sort()).toEqual(["queued", ...Array(4).fill("starting")]);
    expect(await held()).toEqual([
      { uuid: "GPU-a", slot: 0 },
      { uuid: "GPU-a", slot: 1 },
      { uuid: "GPU-b", slot: 0 },
      { uuid: "GPU-b", slot: 1 },
    ]);
    const waiting = ids[4] ?? "";
    expect(await look(waiting)).toMatchObject({
      state: "queued",
      reason: { code: "no_capacity", text: expect.stringMatching(/GPU/) },
      queue: { position: 1 },
    });
    expect((await look(ids[0] ?? "")).placement?.gpus).toMatchObject([{ memoryBytes: 24 * gib }]);
    await end(ids[0] ?? "");
    expect(await held()).toHaveLength(3);
    await place();
    expect(await states([waiting])).toEqual(["starting"]);
    expect(await held()).toHaveLength(4);
  });

  it("taken whole are shared with nobody", async () => {
    await owner()`update environments set gpu_memory_bytes = null`;
    const ids = [await start(), await start(), await start()];
    await place();
    expect(await states(ids)).toEqual(["starting", "starting", "queued"]);
    expect(await held()).toHaveLength(4);
  });

  it("that a node no longer reports take nothing new, and keep what they have", async () => {
    const first = await start();
    await place();
    await owner()`update node_gpus set present = false`;
    const second = await start();
    await place();
    expect(await states([first, second])).toEqual(["starting", "queued"]);
    expect(await held()).toHaveLength(1);
  });

  it("are what no node could ever have enough of: refused at once", async () => {
    await owner()`update environments set gpus = 3`;
    const id = await start();
    await place();
    expect(await look(id)).toMatchObject({ state: "failed", reason: { code: "never_fits" } });
  });
});

describe("rules", () => {
  it("say which nodes, how much, and how many, and the placement names them", async () => {
    await addNode("node-2", 8);
    await owner()`update nodes set set_labels = '{"zone": "b2"}' where name = 'node-2'`;
    await rule("only b2", {}, { require: "zone=b2" });
    await rule("small", { kind: "desktop" }, { resources: { cpus: 0.5 } });
    await rule("two each", {}, { limits: { perPerson: 2 } });
    const ids = [await start(), await start(), await start()];
    await place();
    expect(await states(ids)).toEqual(["starting", "starting", "queued"]);
    const first = await look(ids[0] ?? "");
    expect(first.node?.name).toBe("node-2");
    expect(first.placement?.rules).toEqual(["only b2", "small", "two each"]);
    expect(await owner()`select distinct cpus::float8 as cpus from allocations`).toEqual([
      { cpus: 0.5 },
    ]);
    expect((await look(ids[2] ?? "")).reason).toMatchObject({
      code: "limit_reached",
      text: expect.stringContaining("two each"),
    });
  });

  it("that no node of the site could ever meet are named when it is refused", async () => {
    await rule("moon only", {}, { resources: { cpus: 500 } });
    const id = await start();
    await place();
    expect((await look(id)).reason).toMatchObject({
      code: "never_fits",
      text: expect.stringContaining("moon only"),
    });
  });

  it("that count for a time only fail nothing: what they forbid waits, says until when, and starts then", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await addNode("node-2", 2);
    await owner()`update nodes set set_labels = '{"zone": "b2"}' where name = 'node-1'`;
    await owner()`update environments set cpus = 4`;
    await rule("serviced", { until }, { require: "zone!=b2" });
    const id = await start();
    await place();
    expect(await look(id)).toMatchObject({
      state: "queued",
      reason: { code: "forbidden_for_now", text: expect.stringContaining("serviced") },
    });
    await writeExpectations(placer());
    const expected = Date.parse((await look(id)).queue?.estimate ?? "");
    expect(Math.abs(expected - Date.parse(until))).toBeLessThan(60_000);
    await owner()`update rules set conditions = '{"until": "2020-01-01T00:00:00Z"}'`;
    await place();
    expect(await look(id)).toMatchObject({ state: "starting", node: { name: "node-1" } });
  });

  it("with a selector that does not parse admit nothing and say so, and hold up nobody else", async () => {
    const other = await seedCatalogue(database.owner.db);
    await rule("broken", { user: seeded.username }, { require: "a in (" });
    const [mine, theirs] = [await start(), await start({ userId: other.userId })];
    await place();
    expect(await states([theirs])).toEqual(["starting"]);
    expect(await look(mine)).toMatchObject({ reason: { text: expect.stringContaining("broken") } });
  });
});

describe("the queue", () => {
  it("serves a person's first before another's tenth of the same age", async () => {
    await owner()`update nodes set schedulable = false`;
    const [ada, bob] = [await person(), await person()];
    const many = [];
    for (let n = 0; n < 5; n++) many.push(await start({ userId: ada }));
    const one = await start({ userId: bob });
    await place();
    expect((await look(one)).queue?.position).toBe(2);
    expect((await look(many[0] ?? "")).queue?.position).toBe(1);
    await owner()`update nodes set schedulable = true, cpus = 2`;
    await place();
    expect(await states([many[0] ?? "", one])).toEqual(["starting", "starting"]);
    expect((await states(many)).filter((it) => it === "starting")).toHaveLength(1);
  });

  it("goes by rules' priority first, also where the rule comes while they wait", async () => {
    await owner()`update nodes set schedulable = false`;
    const [ada, bob] = [
      await seedCatalogue(database.owner.db),
      await seedCatalogue(database.owner.db),
    ];
    const first = await start({ userId: ada.userId });
    const second = await start({ userId: bob.userId });
    await place();
    expect((await look(first)).queue?.position).toBe(1);
    await rule("beamtime first", { user: bob.username }, { priority: 10 });
    await place();
    expect((await look(second)).queue?.position).toBe(1);
    expect((await look(first)).queue?.position).toBe(2);
  });

  it("longer than a page is ranked whole before anyone is served", async () => {
    await owner()`update nodes set schedulable = false`;
    const [ada, bob] = [await person(), await person()];
    for (let n = 0; n < 120; n++) await start({ userId: ada });
    const one = await start({ userId: bob });
    await place();
    expect((await look(one)).queue?.position).toBe(2);
    const [row] =
      await owner()`select count(*)::int as n from instances where state = 'queued' and queue_at is null`;
    expect(row).toEqual({ n: 0 });
  });

  it("says when a turn is expected, and by what: a limit, or how long its like usually lasts", async () => {
    await owner()`update nodes set cpus = 1`;
    const runs = await start();
    await place();
    const waits = await start();
    await place();
    await writeExpectations(placer());
    expect((await look(waits)).queue).toMatchObject({ estimate: null, basis: null });
    // Others of the environment lasted for two hours.
    await owner()`insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at, ended_at)
      values (${runs}, 90, ${database.nodeId}, '', '', now(), now() - interval '3 hours', now() - interval '1 hour')`;
    await writeExpectations(placer());
    const usual = (await look(waits)).queue;
    expect(usual?.basis).toBe("usual");
    const minutes = (at: string | null | undefined) => (Date.parse(at ?? "") - Date.now()) / 60_000;
    expect(minutes(usual?.estimate)).toBeGreaterThan(110);
    expect(minutes(usual?.estimate)).toBeLessThan(121);
    await owner()`update instances set expires_at = now() + interval '30 minutes' where id = ${runs}`;
    await writeExpectations(placer());
    const limit = (await look(waits)).queue;
    expect(limit?.basis).toBe("limit");
    expect(minutes(limit?.estimate)).toBeLessThan(31);
  });

  it("is one in which opposite placers give the same places, and nobody two", async () => {
    const ids = [];
    for (let n = 0; n < 30; n++) ids.push(await start({ userId: await person() }));
    await Promise.all([place(), place(), place()]);
    const placed = (await states(ids)).filter((it) => it === "starting");
    expect(placed).toHaveLength(8);
    const [row] = await owner()`select count(*)::int as n, sum(cpus)::int as cpus from allocations`;
    expect(row).toEqual({ n: 8, cpus: 8 });
  });
});

describe("beamtime", () => {
  const dedicated = () =>
    owner()`select n.name from dedications d join nodes n on n.id = d.node_id where d.ended_at is null`;

  /** By the environment's name, as docs/rules.md has it. */
  const online = () =>
    rule("online", { environment: `env-${seeded.username}` }, { dedicate: true });
  /** The environment, to this experiment; to all of them where none is named. */
  const open = (code: string | null = null) => owner()`
    insert into entitlements (environment_id, kind, experiment_id)
    select ${seeded.environmentId}, 'experiment', id from experiments
    where code = ${code} or ${code}::text is null`;

  it("has a node to itself from its start, and others there are asked, not stopped", async () => {
    const other = await start();
    await place();
    await owner()`update instances set state = 'running' where id = ${other}`;
    await online();
    const running = await experiment("X1", "-1 hour", "1 day");
    await experiment("X2", "1 day", "2 days");
    await open();
    expect(await dedicateForBeamtimes(placer())).toBe(1);
    expect(await dedicateForBeamtimes(placer())).toBe(0);
    expect(await dedicated()).toEqual([{ name: "node-1" }]);
    expect(await look(other)).toMatchObject({
      state: "running",
      notice: { code: "node_needed_for_beamtime" },
    });
    const [late, own] = [await start(), await start({ experimentId: running })];
    await place();
    expect(await states([late, own])).toEqual(["queued", "starting"]);
    expect((await look(late)).reason?.code).toBe("node_dedicated");
  });

  it("takes the emptiest node, gives it back when it is over, and takes back what it asked", async () => {
    await addNode("node-2", 8);
    const other = await start();
    await place();
    expect((await look(other)).node?.name).toBe("node-1");
    await rule("online", {}, { dedicate: true });
    const running = await experiment("X1", "-1 hour", "1 day");
    const own = await start({ experimentId: running });
    await place();
    expect((await look(own)).node?.name).toBe("node-2");
    expect(await dedicated()).toEqual([{ name: "node-2" }]);
    await owner()`update instances set notice_code = 'node_needed_for_beamtime' where id = ${own}`;
    await owner()`update experiments set ends_at = now() - interval '1 minute'`;
    expect(await endDedications(placer())).toBe(1);
    expect(await dedicated()).toEqual([]);
    expect((await look(own)).notice).toBeNull();
  });

  it("takes nothing beforehand for experiments to which the environment is not open, and by a rule for any", async () => {
    for (let n = 2; n <= 4; n++) await addNode(`node-${n}`, 8);
    for (let n = 1; n <= 6; n++) await experiment(`X${n}`, "-1 hour", "1 day");
    await rule("any", { kind: "desktop" }, { dedicate: true });
    await open("X3");
    expect(await dedicateForBeamtimes(placer())).toBe(0);
    await owner()`delete from rules`;
    await online();
    expect(await dedicateForBeamtimes(placer())).toBe(1);
    expect(
      await owner()`select x.code from dedications d join experiments x on x.id = d.experiment_id`,
    ).toEqual([{ code: "X3" }]);
    // Open to its beamline is open to it; what has not begun, and what was, is not.
    await owner()`
      insert into entitlements (environment_id, kind, beamline_id, from_at, until_at)
      select ${seeded.environmentId}, 'beamline', x.beamline_id,
        case x.code when 'X1' then now() + interval '1 hour' end,
        case x.code when 'X2' then now() - interval '1 hour' end
      from experiments x where x.code in ('X1', 'X2', 'X4')`;
    expect(await dedicateForBeamtimes(placer())).toBe(1);
    await open("X5");
    await owner()`update environments set enabled = false`;
    expect(await dedicateForBeamtimes(placer())).toBe(0);
  });

  it("has a node that holds the environment, which the first start takes", async () => {
    await addNode("node-2", 16);
    await owner()`update environments set cpus = 12`;
    await online();
    const running = await experiment("X1", "-1 hour", "1 day");
    await open();
    expect(await dedicateForBeamtimes(placer())).toBe(1);
    expect(await dedicated()).toEqual([{ name: "node-2" }]);
    const own = await start({ experimentId: running });
    await place();
    expect((await look(own)).node?.name).toBe("node-2");
    expect(await dedicated()).toHaveLength(1);
  });

  it("waits for its own node where that is away for a moment, and takes another where it stays away", async () => {
    await addNode("node-2", 8);
    await rule("any", {}, { dedicate: true });
    const running = await experiment("X1", "-1 hour", "1 day");
    await start({ experimentId: running });
    await place();
    expect(await dedicated()).toEqual([{ name: "node-1" }]);
    const away = [
      sql`last_seen_at = now() - interval '20 s'`,
      sql`ready = false, last_seen_at = now()`,
    ];
    for (const how of away) {
      await database.owner.db.execute(sql`update nodes set ${how} where name = 'node-1'`);
      const own = await start({ experimentId: running });
      await place();
      expect(await look(own)).toMatchObject({ state: "queued", reason: { code: "no_node_ready" } });
      await ready("node-1", 8);
      await place();
      expect((await look(own)).node?.name).toBe("node-1");
    }
    expect(await dedicated()).toHaveLength(1);
    await owner()`update nodes set ready = false where name = 'node-1'`;
    await owner()`update nodes set unready_at = now() - interval '6 min' where name = 'node-1'`;
    const own = await start({ experimentId: running });
    await place();
    expect((await look(own)).node?.name).toBe("node-2");
  });

  it("does not wait for one that has been silent for long", async () => {
    await addNode("node-2", 8);
    await rule("any", {}, { dedicate: true });
    const running = await experiment("X1", "-1 hour", "1 day");
    await start({ experimentId: running });
    await place();
    await owner()`update nodes set last_seen_at = now() - interval '6 min' where name = 'node-1'`;
    const own = await start({ experimentId: running });
    await place();
    expect((await look(own)).node?.name).toBe("node-2");
  });

  it.each([
    ["deleted", () => owner()`delete from rules`],
    ["switched off", () => owner()`update rules set enabled = false`],
    ["another", () => owner()`update rules set effects = '{"priority": 5}'`],
  ])(
    "gives its node back in the round after the rule is %s, and asks nobody any more",
    async (_, change) => {
      const other = await start();
      await place();
      await online();
      await experiment("X1", "-1 hour", "1 day");
      await open();
      await dedicateForBeamtimes(placer());
      expect((await look(other)).notice?.code).toBe("node_needed_for_beamtime");
      await place();
      expect(await dedicated()).toHaveLength(1);
      await change();
      const late = await start();
      await place();
      expect(await dedicated()).toEqual([]);
      expect(await states([late])).toEqual(["starting"]);
      expect((await look(other)).notice).toBeNull();
      expect(await dedicateForBeamtimes(placer())).toBe(0);
    },
  );
});

describe("images beforehand", () => {
  const wanted = () => owner()`
    select n.name, p.wanted_because as because from node_images p join nodes n on n.id = p.node_id
    where p.wanted order by n.name`;
  const asked = () => owner()`
    select n.name from work w join nodes n on n.id = w.node_id
    where w.subject_kind = 'image' and w.wanted > w.done order by n.name`;

  it("are wanted where rules let them run, a few at a time, and no more once rules say otherwise", async () => {
    for (let n = 2; n <= 7; n++) await addNode(`node-${n}`, 8);
    await owner()`update nodes set set_labels = '{"zone": "b2"}' where name <> 'node-1'`;
    await rule("only b2", {}, { require: "zone=b2" });
    expect(await askForImages(placer())).toBe(4);
    expect(await askForImages(placer())).toBe(0);
    expect((await wanted()).map((it) => it["name"])).toEqual([
      "node-2",
      "node-3",
      "node-4",
      "node-5",
      "node-6",
      "node-7",
    ]);
    expect((await wanted())[0]).toMatchObject({ because: "the newest version" });
    expect(await asked()).toHaveLength(4);
    await owner()`update rules set effects = '{"require": "zone=b3"}'`;
    await askForImages(placer());
    expect(await wanted()).toEqual([]);
  });

  it("that a node has already lead a start there", async () => {
    await addNode("node-2", 8);
    await owner()`insert into node_images (node_id, version_id, state)
      select id, ${seeded.versionId}, 'present' from nodes where name = 'node-2'`;
    const id = await start();
    await place();
    expect((await look(id)).node?.name).toBe("node-2");
  });

  it("that are used most come first, and say how often", async () => {
    await start();
    await place();
    await askForImages(placer());
    expect((await wanted())[0]).toMatchObject({
      because: "the newest version, started once in 14 days",
    });
    await database.owner.db.execute(sql`update node_images set state = 'present'`);
    const [node] = await database.owner.db.execute<{ n: number }>(
      sql`select count(*)::int as n from node_images where state = 'present'`,
    );
    expect(node?.n).toBe(1);
  });
});
