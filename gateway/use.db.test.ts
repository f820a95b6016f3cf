/** Use over time, and what instances and environments tell of placement. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import type { Use } from "./use-schemas.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;
let second: string;
let environment: string;

const owner = () => gateway.database.owner.sql;
const gpu = "GPU-11111111-2222-3333-4444-555555555555";
const start = Date.parse("2026-01-01T00:00:00Z");
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("ada");
  await gateway.addUser("bob");
  root = await gateway.signIn("root");
  second = (await gateway.database.addNode("node-2")).nodeId;
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await emptyTables(owner(), "environments, beamlines, instances, node_gpus");
  await owner()`update nodes set cpus = 8, memory_bytes = 32000`;
  await owner()`insert into node_gpus (node_id, uuid, model, memory_bytes) values (${second}, ${gpu}, 'A100', 400)`;
  const [row] = await owner()<{ id: string }[]>`
    with e as (insert into environments (slug, name, kind) values ('tomo', 'T', 'desktop'), ('other', 'O', 'desktop') returning id, slug),
      v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e)
    select id from e where slug = 'tomo'`;
  environment = row?.id ?? "";
  await owner()`with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id)
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select 'X1', id, now(), now() + interval '1 day' from b`;
});

interface Held {
  from: number;
  until: number | null;
  node?: string;
  experiment?: string;
  gpu?: number;
}
async function hold({ from, until, node, experiment, gpu: memory }: Held): Promise<void> {
  const gpus = memory === undefined ? [] : [{ uuid: gpu, memoryBytes: memory }];
  await owner()`with i as (
      insert into instances (name, environment_id, version_id, owner_id, experiment_id, state)
      select 'Desk', v.environment_id, v.id, u.id, (select id from experiments where code = ${experiment ?? null}), 'stopped'
      from versions v, users u where v.environment_id = ${environment} and u.username = 'ada' returning id)
    insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at, ended_at, cpus, memory_bytes, gpus)
    select id, 1, ${node ?? gateway.database.nodeId}, 'a', 'b', ${at(from)}, ${at(from)},
      ${until === null ? null : at(until)}, 0.1, 100, ${JSON.stringify(gpus)}::text::jsonb from i`;
}
async function use(query: string): Promise<Use> {
  const answer = await root.call("GET", `/api/admin/use?${query}`);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body as unknown as Use;
}
const tenMinutes = `from=${at(0)}&until=${at(10)}`;
const named = ({ series }: Use, name: string) => series.find((it) => it.name.startsWith(name));

describe("use over time", () => {
  it("tells what was held in the middle of each step, by node", async () => {
    // From before, to after; a whole step; between two middles; from the middle of one to that of another.
    await hold({ from: -60, until: 2 });
    await hold({ from: 4, until: 5 });
    await hold({ from: 6.6, until: 7.4 });
    await hold({ from: 7.5, until: 9.5 });
    await hold({ from: 3, until: 600, node: second });
    await hold({ from: 20, until: 30 });
    await hold({ from: -30, until: 0 });
    const told = await use(tenMinutes);
    expect(told).toMatchObject({ from: at(0), until: at(10), stepMs: 60_000, omitted: 0 });
    expect(told.series).toEqual([
      {
        key: gateway.database.nodeId,
        name: "node-1",
        capacity: { cpus: 8, memoryBytes: 32000, gpuMemoryBytes: 0 },
        cpus: [0.1, 0.1, 0, 0, 0.1, 0, 0, 0.1, 0.1, 0],
        memoryBytes: [100, 100, 0, 0, 100, 0, 0, 100, 100, 0],
        gpuMemoryBytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        instances: [1, 1, 0, 0, 1, 0, 0, 1, 1, 0],
      },
      expect.objectContaining({
        name: "node-2",
        capacity: { cpus: 8, memoryBytes: 32000, gpuMemoryBytes: 400 },
        instances: [0, 0, 0, 1, 1, 1, 1, 1, 1, 1],
      }),
    ]);
  });

  it("leaves no dust of adding tenths", async () => {
    for (let n = 0; n < 3; n++) await hold({ from: n, until: 9 - n });
    expect((await use(tenMinutes)).series[0]?.cpus).toEqual([
      0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.2, 0.1, 0,
    ]);
  });

  it("tells it by GPU and by beamline, and of one node alone", async () => {
    await hold({ from: 0, until: 5, node: second, gpu: 150, experiment: "X1" });
    await hold({ from: 0, until: 10, node: second, gpu: 50 });
    await hold({ from: 0, until: 10 });
    const gpus = await use(`${tenMinutes}&by=gpu`);
    expect(gpus.series).toMatchObject([
      {
        key: gpu,
        name: "node-2 A100 11111111",
        capacity: { gpuMemoryBytes: 400 },
        gpuMemoryBytes: [200, 200, 200, 200, 200, 50, 50, 50, 50, 50],
        instances: [2, 2, 2, 2, 2, 1, 1, 1, 1, 1],
      },
    ]);
    const beamlines = await use(`${tenMinutes}&by=beamline`);
    expect(
      beamlines.series.map((it) => [it.name, it.capacity, it.instances[0], it.instances[9]]),
    ).toEqual([
      ["", null, 2, 2],
      ["IMBL", null, 1, 0],
    ]);
    const one = await use(`${tenMinutes}&by=beamline&node=${second}`);
    expect(named(one, "")?.instances[9]).toBe(1);
    expect((await use(`${tenMinutes}&node=${second}`)).series).toHaveLength(1);
    expect((await use(`${tenMinutes}&by=gpu&node=${gateway.database.nodeId}`)).series).toEqual([]);
  });

  it("counts what has not ended until now, and tells of nothing to come", async () => {
    await owner()`with i as (insert into instances (name, environment_id, version_id, owner_id, state)
        select 'Desk', v.environment_id, v.id, u.id, 'running' from versions v, users u
        where v.environment_id = ${environment} and u.username = 'ada' returning id)
      insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at)
      select id, 1, ${second}, 'a', 'b', now(), now() - interval '3 hours' from i`;
    const told = await use(
      "until=2999-01-01T00:00:00Z&from=" + new Date(Date.now() - 86_400_000).toISOString(),
    );
    expect(Date.parse(told.until)).toBeLessThanOrEqual(Date.now() + 60_000);
    const instances = named(told, "node-2")?.instances ?? [];
    expect(instances.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(instances.at(-2)).toBe(1);
    const usual = await use("");
    expect(Date.parse(usual.until) - Date.parse(usual.from)).toBe(86_400_000);
  });

  it.each([
    [10, 60_000],
    [200, 60_000],
    [201, 120_000],
    [1440, 600_000],
    [1440 * 7, 3_600_000],
    [1440 * 365, 2 * 86_400_000],
    [1440 * 365 * 30, 55 * 86_400_000],
  ])("of %d minutes comes in steps that are few", async (minutes, stepMs) => {
    const until = Date.parse("2026-06-01T00:00:00Z");
    const from = new Date(until - minutes * 60_000).toISOString();
    const told = await use(`from=${from}&until=${new Date(until).toISOString()}`);
    expect(told.stepMs).toBe(stepMs);
    expect(told.series[0]?.cpus.length).toBe(Math.ceil((minutes * 60_000) / stepMs));
    expect(told.series[0]?.cpus.length).toBeLessThanOrEqual(200);
  });

  it.each([
    [`from=${at(10)}&until=${at(10)}`, "from"],
    [`from=${at(10)}&until=${at(0)}`, "from"],
    ["from=2999-01-01T00:00:00Z", "from"],
    ["from=yesterday", "from"],
    ["by=person", "by"],
    ["node=1", "node"],
  ])("refuses %s", async (query, path) => {
    expect(await root.call("GET", `/api/admin/use?${query}`)).toMatchObject({
      status: 400,
      body: { errors: [{ path }] },
    });
  });
});

describe("instances", () => {
  it("are found by node, environment and owner", async () => {
    await owner()`insert into instances (name, environment_id, version_id, owner_id, state, node_id)
      select e.slug || ' of ' || u.username, e.id, v.id, u.id, 'running',
        case u.username when 'ada' then ${gateway.database.nodeId}::uuid else ${second}::uuid end
      from environments e join versions v on v.environment_id = e.id, users u where u.username in ('ada', 'bob')`;
    const found = async (query: string) =>
      (await root.call("GET", `/api/admin/instances?${query}`)).body.items
        .map((it: { name: string }) => it.name)
        .sort();
    expect(await found("node=node-2")).toEqual(["other of bob", "tomo of bob"]);
    expect(await found(`node=${gateway.database.nodeId}`)).toEqual(["other of ada", "tomo of ada"]);
    expect(await found("environment=tomo")).toEqual(["tomo of ada", "tomo of bob"]);
    expect(await found("owner=bob&environment=other")).toEqual(["other of bob"]);
    expect(await found("owner=nobody")).toEqual([]);
    expect(await found("node=none")).toEqual([]);
    expect(await found("environment=none")).toEqual([]);
  });

  it("tell where they stand in the queue, and why they are where they are", async () => {
    const placement = {
      node: "node-1",
      strategy: "pack",
      at: at(0),
      rules: ["One"],
      filtered: { labels: 1 },
      best: [],
    };
    await owner()`insert into instances (name, environment_id, version_id, owner_id, state, queue_priority, queued_at, placement, queue_estimate, queue_basis)
      select n, e.id, v.id, u.id, s, p, now() - a * interval '1 minute', ${JSON.stringify(placement)}::text::jsonb, ${at(5)}, 'usual'
      from environments e join versions v on v.environment_id = e.id, users u,
        (values ('young', 'queued', 0, 1), ('old', 'queued', 0, 9), ('first', 'queued', 5, 0), ('runs', 'running', 0, 0)) as t(n, s, p, a)
      where e.slug = 'tomo' and u.username = 'ada'`;
    const { body } = await root.call("GET", "/api/admin/instances");
    const items = body.items as { id: string; name: string; queue: { position: number } | null }[];
    expect(Object.fromEntries(items.map((it) => [it.name, it.queue?.position ?? null]))).toEqual({
      first: 1,
      old: 2,
      young: 3,
      runs: null,
    });
    const one = async (name: string) =>
      (await root.call("GET", `/api/admin/instances/${items.find((it) => it.name === name)?.id}`))
        .body;
    expect(await one("old")).toMatchObject({
      queue: { position: 2, estimate: at(5), basis: "usual" },
      placement: null,
    });
    expect(await one("runs")).toMatchObject({ queue: null, placement });
  });
});

describe("an environment's resources", () => {
  const patch = (body: object) =>
    root.call("PATCH", `/api/admin/environments/${environment}`, body);
  const resources = { cpus: 1, memoryBytes: 4294967296, gpus: 0, gpuMemoryBytes: null };

  it("are changed one by one, and it is written down", async () => {
    const path = `/api/admin/environments/${environment}`;
    expect((await root.call("GET", path)).body).toMatchObject({ resources });
    const more = { cpus: 2.5, gpus: 2, gpuMemoryBytes: 8e9 };
    expect((await patch({ resources: more })).body).toMatchObject({
      resources: { ...resources, ...more },
    });
    expect((await patch({ resources: { gpuMemoryBytes: null } })).body).toMatchObject({
      resources: { cpus: 2.5, gpus: 2, gpuMemoryBytes: null },
    });
    expect((await patch({ resources: { gpus: 0 }, name: "Tomo" })).body).toMatchObject({
      name: "Tomo",
      resources: { cpus: 2.5, gpus: 0 },
    });
    const [row] =
      await owner()`select detail from audit where action = 'environment.change' order by id limit 1`;
    expect(row).toEqual({ detail: { resources: more } });
  });

  it.each([
    [{ cpus: 0 }, "resources.cpus"],
    [{ cpus: -1 }, "resources.cpus"],
    [{ memoryBytes: 0.5 }, "resources.memoryBytes"],
    [{ gpus: -1 }, "resources.gpus"],
    [{ gpus: 17 }, "resources.gpus"],
    [{ gpuMemoryBytes: 0 }, "resources.gpuMemoryBytes"],
    [{}, "resources"],
  ])("are not %j", async (body, path) => {
    expect(await patch({ resources: body })).toMatchObject({
      status: 400,
      body: { errors: [{ path }] },
    });
  });

  it("are not more than it may use", async () => {
    await owner()`update environments set cpu_limit = 4, memory_limit_bytes = 8589934592 where id = ${environment}`;
    const above = { status: 409, body: { code: "above_limit" } };
    expect(await patch({ resources: { cpus: 5 } })).toMatchObject(above);
    expect((await patch({ resources: { cpus: 5 } })).body["detail"]).toContain("cores");
    expect(await patch({ resources: { memoryBytes: 9e9 } })).toMatchObject(above);
    expect((await patch({ resources: { memoryBytes: 9e9 } })).body["detail"]).toContain("memory");
    expect((await patch({ resources: { cpus: 4 } })).status).toBe(200);
  });
});
