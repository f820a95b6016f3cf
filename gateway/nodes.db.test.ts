/** Nodes as administrators see them, and what they change of them. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { LeaseLostError, SupersededError } from "../db/errors.ts";
import { reportState } from "../db/node-instances.ts";
import { mayTransition } from "../db/states.ts";
import { claimWork } from "../db/work.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;
let node: string;
let instance: string;

const owner = () => gateway.database.owner.sql;
const gpu = "GPU-11111111-2222-3333-4444-555555555555";

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("ada");
  root = await gateway.signIn("root");
  node = gateway.database.nodeId;
});
afterAll(() => gateway.stop());

beforeEach(async () => {
  await emptyTables(owner(), "environments, beamlines, instances, node_gpus");
  await owner()`delete from nodes where id <> ${node}`;
  await owner()`update nodes set name = 'gpu-01', ready = true, last_seen_at = now(), schedulable = true,
    draining = false, set_labels = '{}', reported_labels = '{"asci.os":"linux","asci.zone":"b1"}',
    cpus = 16, memory_bytes = 64000000000, reason_code = null, reason_text = null, clock_skew_ms = null,
    hold_by = null, hold_by_name = null, hold_reason = null, hold_at = null,
    disk_total_bytes = 1000, disk_free_bytes = 250`;
  await owner()`insert into node_gpus (node_id, uuid, model, memory_bytes, slots)
    values (${node}, ${gpu}, 'A100', 40000000000, 4)`;
  const [row] = await owner()<{ id: string }[]>`
    with e as (insert into environments (slug, name, kind) values ('tomo', 'Tomography', 'desktop') returning id),
      v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e returning *),
      m as (insert into node_images (node_id, version_id, wanted, wanted_because, state, done_bytes, total_bytes)
        select ${node}, id, true, 'started 3 times in the last week', 'pulling', 10, 40 from v),
      i as (insert into instances (name, environment_id, version_id, owner_id, state, node_id, incarnation, started_at)
        select 'Desk', v.environment_id, v.id, u.id, 'running', ${node}, 1, now() from v, users u
        where u.username = 'ada' returning *),
      c as (insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at)
        select id, 1, ${node}, 'a', 'b', now(), now() - interval '1 minute' from i),
      h as (insert into instance_history (instance_id, to_state, actor) select id, 'running', 'controller' from i),
      a as (insert into allocations (instance_id, node_id, cpus, memory_bytes)
        select id, ${node}, 2, 4000000000 from i returning *)
    select instance_id as id from a`;
  instance = row?.id ?? "";
  await owner()`insert into allocation_gpus (instance_id, node_id, uuid, slot, memory_bytes)
    values (${instance}, ${node}, ${gpu}, 0, 10000000000), (${instance}, ${node}, ${gpu}, 1, 0)`;
});

const get = async () => (await root.call("GET", `/api/admin/nodes/${node}`)).body;
const patch = (body: object) => root.call("PATCH", `/api/admin/nodes/${node}`, body);
const notices = async () =>
  owner()`select notice_code as code, notice_text as text, notice_at is not null as dated from instances order by id`;

describe("a node", () => {
  it("tells what it has, what of it is taken, and by whom", async () => {
    const common = {
      name: "gpu-01",
      state: "ready",
      reason: null,
      hold: null,
      labels: { "asci.os": "linux", "asci.zone": "b1" },
      setLabels: {},
      capacity: { cpus: 16, memoryBytes: 64e9, gpus: 1, gpuMemoryBytes: 40e9 },
      allocated: { cpus: 2, memoryBytes: 4e9, gpus: 1, gpuMemoryBytes: 10e9, instances: 1 },
      people: 1,
      images: { present: 0, wanted: 1, pulling: 1, failed: 0 },
      disk: { totalBytes: 1000, freeBytes: 250 },
      dedicatedTo: null,
      gatheredFor: null,
    };
    const list = await root.call("GET", "/api/admin/nodes");
    expect(list.body.items).toMatchObject([common]);
    expect(await get()).toMatchObject({
      ...common,
      gpus: [
        {
          uuid: gpu,
          slots: 4,
          setSlots: null,
          allocated: { slots: 2, memoryBytes: 10e9 },
          instances: [{ id: instance, name: "Desk", owner: "ada", memoryBytes: 10e9 }],
        },
      ],
      instances: [
        {
          id: instance,
          state: "running",
          environment: "tomo",
          gpus: [{ uuid: gpu, memoryBytes: 10e9 }],
        },
      ],
      imageList: [
        {
          environment: "tomo",
          version: "1",
          state: "pulling",
          because: "started 3 times in the last week",
        },
      ],
      events: [
        { kind: "instance", actor: "controller", text: "running", instance: { name: "Desk" } },
      ],
    });
  });

  it.each([
    ["last_seen_at = null", "not_ready", "node_never_seen", "never reported"],
    ["last_seen_at = now() - interval '20 s'", "not_ready", "node_silent", "not reported since"],
    ["last_seen_at = now() - interval '2 min', draining = true", "lost", "node_lost", "since"],
    [
      "ready = false, reason_code = 'engine_unreachable', reason_text = 'no engine'",
      "not_ready",
      "engine_unreachable",
      "no engine",
    ],
    [
      "draining = true, hold_by_name = 'sam', hold_reason = 'new disk', hold_at = now()",
      "draining",
      "node_draining",
      "drained by sam: new disk",
    ],
    ["schedulable = false", "unschedulable", "node_unschedulable", "closed for new instances"],
    ["clock_skew_ms = -3600000", "ready", "clock_skew", "3600 s behind"],
    [
      "clock_skew_ms = 31000, ready = false",
      "not_ready",
      "not_ready",
      "; its clock is 31 s ahead of",
    ],
  ])("with %s is %s", async (set, state, code, text) => {
    await owner().unsafe(`update nodes set ${set}`);
    const { body } = await root.call("GET", "/api/admin/nodes");
    expect(body.items).toMatchObject([
      { state, reason: { code, text: expect.stringContaining(text) } },
    ]);
  });

  it("says nothing of a clock that is a little off", async () => {
    await owner()`update nodes set clock_skew_ms = 29000`;
    expect(await get()).toMatchObject({ state: "ready", reason: null, clockSkewMs: 29000 });
  });

  it("is told with the experiment that has it to itself", async () => {
    await owner()`with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id),
      x as (insert into experiments (code, beamline_id, starts_at, ends_at)
        select '18342', id, now(), now() + interval '1 day' from b returning id)
      insert into dedications (node_id, experiment_id, rule_id, rule_name, until_at)
      select ${node}, id, gen_random_uuid(), 'Beamtime', '2999-01-01T00:00:00Z' from x`;
    expect(await get()).toMatchObject({
      dedicatedTo: { experiment: "18342", until: "2999-01-01T00:00:00.000Z" },
    });
  });
});

describe("a node at which room is gathered", () => {
  it("is told with whom for, as long as that waits and the time is not over", async () => {
    const [waits] = await owner()<{ id: string }[]>`
      insert into instances (name, environment_id, version_id, owner_id)
      select 'Large one', v.environment_id, v.id, u.id from versions v, users u where u.username = 'ada'
      returning id`;
    const id = waits?.id ?? "";
    await owner()`insert into gatherings (instance_id, node_id, until_at)
      values (${id}, ${node}, '2999-01-01T00:00:00Z')`;
    const until = "2999-01-01T00:00:00.000Z";
    expect(await get()).toMatchObject({ gatheredFor: { owner: "ada", name: "Large one", until } });
    const over = { gatheredFor: null };
    await owner()`update gatherings set until_at = now()`;
    expect(await get()).toMatchObject(over);
    await owner()`update gatherings set until_at = ${until}`;
    await owner()`update instances set reason_code = 'limit_reached' where id = ${id}`;
    expect(await get()).toMatchObject(over);
    await owner()`update instances set reason_code = 'no_capacity' where id = ${id}`;
    expect(await get()).not.toMatchObject(over);
    // It has ended, and waits again since.
    await owner()`update instances set queued_at = now() + interval '1 s' where id = ${id}`;
    expect(await get()).toMatchObject(over);
    await owner()`update instances set queued_at = now() - interval '1 hour', state = 'stopped' where id = ${id}`;
    expect(await get()).toMatchObject(over);
  });
});

describe("a search", () => {
  it("finds names and labels, page by page", async () => {
    await gateway.database.addNode("cpu-01");
    await owner()`update nodes set set_labels = '{"team":"imaging"}' where name = 'cpu-01'`;
    const found = async (query: string) =>
      (await root.call("GET", `/api/admin/nodes?${query}`)).body.items.map(
        (it: { name: string }) => it.name,
      );
    expect(await found("search=GPU")).toEqual(["gpu-01"]);
    expect(await found("search=team%3Dima")).toEqual(["cpu-01"]);
    expect(await found("search=asci.zone")).toEqual(["gpu-01"]);
    expect(await found("search=nothing")).toEqual([]);
    expect(await found("sort=-name")).toEqual(["gpu-01", "cpu-01"]);
    const { body } = await root.call("GET", "/api/admin/nodes?limit=1");
    expect(await found(`limit=1&cursor=${String(body["nextCursor"])}`)).toEqual(["gpu-01"]);
  });

  it("of labels gives each with its values", async () => {
    await gateway.database.addNode("cpu-01");
    await owner()`update nodes set set_labels = '{"asci.zone":"b2"}' where name = 'cpu-01'`;
    expect((await root.call("GET", "/api/admin/nodes/labels")).body).toEqual({
      items: [
        { key: "asci.os", values: ["linux"], nodes: 1 },
        { key: "asci.zone", values: ["b1", "b2"], nodes: 2 },
      ],
    });
  });
});

describe("labels", () => {
  it("of an administrator come before the node's own, and go back to them", async () => {
    expect((await patch({ labels: { "asci.zone": "b9", rack: "4" } })).body).toMatchObject({
      labels: { "asci.os": "linux", "asci.zone": "b9", rack: "4" },
      setLabels: { "asci.zone": "b9", rack: "4" },
    });
    expect((await patch({ labels: {} })).body).toMatchObject({
      labels: { "asci.zone": "b1" },
      setLabels: {},
    });
  });

  it.each([
    ["a value of 64 KB", { rack: "x".repeat(65_536) }],
    ["a name of 64 KB", { ["x".repeat(65_536)]: "1" }],
    ["spaces", { "my rack": "1" }],
    ["a value with a slash", { rack: "a/b" }],
    ["no name", { "": "1" }],
    ["a number", { rack: 4 }],
    [
      "a hundred and one",
      Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`l${n}`, "1"])),
    ],
  ])("with %s are refused", async (_what, labels) => {
    const answer = await patch({ labels });
    expect(answer).toMatchObject({ status: 400, body: { code: "validation" } });
    const [fault] = answer.body["errors"] as { path: string; message: string }[];
    expect(fault?.path).toMatch(/^labels/);
    expect(await get()).toMatchObject({ setLabels: {} });
  });
});

describe("closing and draining", () => {
  it("says who, why and since when, until both are over", async () => {
    const closed = await patch({ schedulable: false, reason: "new disk" });
    const hold = { by: "root", reason: "new disk", at: expect.stringMatching(/Z$/) };
    expect(closed.body).toMatchObject({ state: "unschedulable", hold });
    const since = (closed.body["hold"] as { at: string }).at;
    expect((await patch({ draining: true, reason: "and a fan" })).body).toMatchObject({
      state: "draining",
      hold: { by: "root", reason: "and a fan", at: since },
    });
    expect((await patch({ labels: { rack: "4" } })).body).toMatchObject({
      hold: { reason: "and a fan", at: since },
    });
    expect((await patch({ schedulable: true })).body).toMatchObject({
      hold: { reason: "and a fan" },
    });
    expect((await patch({ draining: false })).body).toMatchObject({ state: "ready", hold: null });
  });

  it("asks whoever is there to go elsewhere, and no longer once it is over", async () => {
    const other = await gateway.database.addNode("gpu-02");
    await owner()`insert into instances (name, environment_id, version_id, owner_id, state, node_id)
      select n, environment_id, version_id, owner_id, s, nullif(t, '')::uuid from instances i,
        (values ('Elsewhere', 'running', ${other.nodeId}), ('Waits', 'queued', ''), ('Over', 'stopped', ${node})) as more(n, s, t)`;
    const told = async () => (await notices()).filter((it) => it["code"] !== null);
    await patch({ draining: true, reason: "new disk" });
    expect(await told()).toEqual([
      {
        code: "node_draining",
        text: expect.stringContaining("gpu-01 is being emptied: new disk."),
        dated: true,
      },
    ]);
    await patch({ draining: true, reason: "new fan" });
    expect(await told()).toMatchObject([{ text: expect.stringContaining("new fan") }]);
    await patch({ draining: false });
    expect(await told()).toEqual([]);
  });

  it("leaves another notice when it ends", async () => {
    await owner()`update instances set notice_code = 'node_needed_for_beamtime', notice_text = 'x', notice_at = now()`;
    await patch({ draining: false });
    expect(await notices()).toMatchObject([{ code: "node_needed_for_beamtime" }]);
  });

  it("is in the audit trail and among the node's events", async () => {
    await emptyTables(owner(), "audit");
    await patch({ draining: true, reason: "new disk" });
    expect(await owner()`select actor_name, action, subject_id, detail from audit`).toEqual([
      {
        actor_name: "root",
        action: "node.change",
        subject_id: node,
        detail: { draining: true, reason: "new disk" },
      },
    ]);
    const { events } = (await get()) as unknown as { events: object[] };
    expect(events[0]).toMatchObject({
      kind: "change",
      actor: "root",
      text: "node.change",
      reason: "new disk",
      instance: null,
    });
  });

  it("is not done, with nothing of it, where a part of it cannot be", async () => {
    const answer = await patch({ draining: true, gpuSlots: { "GPU-none": 2 } });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ path: "gpuSlots.GPU-none", message: "the node has no GPU GPU-none" }] },
    });
    expect(await get()).toMatchObject({ draining: false });
    expect(await notices()).toMatchObject([{ code: null }]);
  });

  it.each([[{}], [{ reason: "just so" }]])("asks for something to change: %j", async (body) => {
    expect(await patch(body)).toMatchObject({ status: 400, body: { code: "validation" } });
  });

  it("of what there is not is 404", async () => {
    const path = `/api/admin/nodes/${randomUUID()}`;
    expect((await root.call("PATCH", path, { draining: true })).status).toBe(404);
  });
});

describe("a GPU's slots", () => {
  it("are as many as an administrator says, or else as the node does", async () => {
    expect((await patch({ gpuSlots: { [gpu]: 8 } })).body).toMatchObject({
      gpus: [{ slots: 8, setSlots: 8 }],
    });
    expect((await patch({ gpuSlots: { [gpu]: null } })).body).toMatchObject({
      gpus: [{ slots: 4, setSlots: null }],
    });
  });

  it.each([0, 65, 1.5])("are not %d", async (slots) => {
    expect(await patch({ gpuSlots: { [gpu]: slots } })).toMatchObject({ status: 400 });
  });
});

describe("a node whose machine is gone for good", () => {
  const gone = (id = node, browser = root) => browser.call("POST", `/api/admin/nodes/${id}/gone`);
  const silent = (ago: string) =>
    owner()`update nodes set last_seen_at = now() - ${ago}::interval where id = ${node}`;
  const epoch = async () => Number((await owner()`select epoch from nodes`)[0]?.["epoch"]);

  it("ends what stands there as failed, and frees all that it holds", async () => {
    await owner()`truncate audit`;
    await owner()`update instances set state = 'lost', wanted_incarnation = 2`;
    await owner()`insert into work (subject_kind, subject_id, node_id) values ('instance', ${instance}, ${node})`;
    await silent("61 seconds");
    const db = gateway.database.as("node").db;
    const before = await epoch();
    const beat = { ready: true, reasonCode: null, reasonText: null };
    const claim = { nodeId: node, epoch: before, limit: 9, leaseMs: 60_000, beat };
    const [lease] = await claimWork(db, claim);
    if (!lease) throw new Error("there was no work to claim");
    await silent("61 seconds");
    const answer = await gone();
    expect(answer).toMatchObject({
      status: 200,
      body: { state: "lost", instances: [], allocated: { instances: 0, cpus: 0, gpus: 0 } },
    });
    const [row] =
      await owner()`select state, desired, reason_code, reason_text, incarnation = wanted_incarnation as done,
      ended_at is not null as ended, (select count(*)::int from allocation_gpus) as gpus,
      (select ended_at is not null from incarnations) as closed from instances`;
    expect(row).toEqual({
      state: "failed",
      desired: "running",
      reason_code: "node_gone",
      reason_text: "its node, gpu-01, is gone for good, as an administrator says",
      done: true,
      ended: true,
      gpus: 0,
      closed: true,
    });
    expect(mayTransition("lost", "failed", "person")).toBe(true);
    const history =
      await owner()`select from_state, to_state, actor, actor_id is not null as named from instance_history order by id desc limit 1`;
    expect(history).toEqual([
      { from_state: "lost", to_state: "failed", actor: "person", named: true },
    ]);
    expect(await owner()`select actor_name, action, subject_id, detail from audit`).toEqual([
      { actor_name: "root", action: "node.gone", subject_id: node, detail: { ended: 1 } },
    ]);
    // Its controller's leases and signs of life are void, as after a take-over.
    expect(await epoch()).toBe(before + 1);
    await expect(claimWork(db, claim)).rejects.toBeInstanceOf(SupersededError);
    await expect(reportState(db, lease, { to: "running" })).rejects.toBeInstanceOf(LeaseLostError);
    expect(await get()).toMatchObject({ state: "lost" });
    // Once more there is nothing to end.
    expect((await gone()).status).toBe(200);
    expect(await owner()`select detail from audit order by id desc limit 1`).toEqual([
      { detail: { ended: 0 } },
    ]);
  });

  it("is given back by the experiment that had it to itself", async () => {
    await owner()`with b as (insert into beamlines (code, name) values ('B', 'B') returning id),
      x as (insert into experiments (code, beamline_id, starts_at, ends_at)
        select 'X', id, now(), now() + interval '1 day' from b returning id)
      insert into dedications (node_id, experiment_id, rule_id, rule_name, until_at)
      select ${node}, id, id, 'R', now() + interval '1 day' from x`;
    await silent("61 seconds");
    await gone();
    expect(await get()).toMatchObject({ dedicatedTo: null });
  });

  it("is not believed of one that is heard of, was never heard of, or is not there", async () => {
    await owner()`truncate audit`;
    const refused = { status: 409, body: { code: "node_not_lost" } };
    const before = await epoch();
    for (const ago of ["0 seconds", "55 seconds"]) {
      await silent(ago);
      expect(await gone()).toMatchObject(refused);
    }
    await owner()`update nodes set last_seen_at = null`;
    expect(await gone()).toMatchObject(refused);
    expect(await gone(randomUUID())).toMatchObject({ status: 404 });
    expect(await gone("none")).toMatchObject({ status: 404 });
    await silent("61 seconds");
    expect(await gone(node, await gateway.signIn("ada"))).toMatchObject({ status: 403 });
    expect(await epoch()).toBe(before);
    expect(await owner()`select state from instances`).toEqual([{ state: "running" }]);
    expect(await owner()`select 1 from audit where action = 'node.gone'`).toHaveLength(0);
  });
});
