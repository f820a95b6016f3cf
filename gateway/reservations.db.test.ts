/** Reservations: who may keep what for whom, and what is told of the room that there is. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;
let sam: Browser;
let ada: Browser;

const owner = () => gateway.database.owner.sql;
const path = "/api/admin/reservations";

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("sam", ["staff"]);
  await gateway.addUser("ada");
  await gateway.addUser("bob");
  root = await gateway.signIn("root");
  sam = await gateway.signIn("sam");
  ada = await gateway.signIn("ada");
  await gateway.database.addNode("node-2");
});
afterAll(() => gateway.stop());

/** Two nodes with four places each; sam looks after IMBL. */
beforeEach(async () => {
  await emptyTables(
    owner(),
    "reservations, audit, environments, beamlines, groups, instances, node_gpus",
  );
  await owner()`update nodes set ready = true, last_seen_at = now(), cpus = 4, memory_bytes = 16000000000,
    set_labels = jsonb_build_object('zone', case name when 'node-1' then 'b1' else 'b2' end)`;
  await owner()`with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging'), ('MX', 'Crystals') returning id, code),
      s as (insert into beamline_staff (beamline_id, user_id)
        select b.id, u.id from b, users u where b.code = 'IMBL' and u.username = 'sam')
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select case code when 'IMBL' then 'i1' else 'm1' end, id, now(), now() + interval '9 days' from b`;
  await owner()`with g as (insert into groups (name) values ('course') returning id)
    insert into group_members (group_id, user_id) select g.id, u.id from g, users u where u.username = 'ada'`;
});

const now = Date.now();
const hours = (n: number) => new Date(now + n * 3_600_000).toISOString();
const body = (more: object = {}) => ({
  title: "Course",
  kind: "group",
  subject: "course",
  from: hours(1),
  until: hours(5),
  seats: 4,
  cpus: 1,
  memoryBytes: 1e9,
  ...more,
});
const imbl = (more: object = {}) =>
  body({ kind: "beamline", subject: "IMBL", title: "Beam", ...more });
type Made = Record<string, unknown> & { id: string };
async function reserve(more: object = {}, browser = root): Promise<Made> {
  const answer = await browser.call("POST", path, body(more));
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body as unknown as Made;
}
const titles = async (query = "", browser = root) =>
  (await browser.call("GET", `${path}${query}`)).body.items.map(
    (it: { title: string }) => it.title,
  );

describe("a reservation", () => {
  it("is made, read, changed and called off, and each is written down", async () => {
    const made = await reserve({ gpus: 0, selector: "zone in (b1,b2)" });
    expect(made).toMatchObject({
      ...body(),
      gpus: 0,
      gpuMemoryBytes: null,
      selector: "zone in (b1,b2)",
      seatsTaken: 0,
      createdBy: "root",
      cancelledAt: null,
      nodes: 2,
      missing: 0,
      overlaps: [],
    });
    const one = `${path}/${made.id}`;
    expect((await root.call("GET", one)).body).toEqual(made);
    expect((await root.call("PATCH", one, { seats: 2, title: "Small course" })).body).toEqual({
      ...made,
      seats: 2,
      title: "Small course",
    });
    expect((await root.call("DELETE", one)).status).toBe(204);
    expect((await root.call("DELETE", one)).status).toBe(204);
    expect((await root.call("GET", one)).body).toMatchObject({
      cancelledAt: expect.stringMatching(/Z$/),
    });
    const trail =
      await owner()`select actor_name as actor, action, subject_id as id, detail from audit order by audit.id`;
    expect(trail).toMatchObject([
      {
        actor: "root",
        action: "reservation.create",
        id: made.id,
        detail: { subject: "course", seats: 4 },
      },
      { action: "reservation.change", detail: { seats: 2, title: "Small course" } },
      { action: "reservation.cancel", id: made.id },
    ]);
    expect(trail).toHaveLength(3);
    const read = await root.call("GET", "/api/admin/audit?action=reservation.create");
    expect(read.body.items).toMatchObject([{ subject: "Small course" }]);
  });

  it("tells how many of its people have a seat while it is active", async () => {
    const { nodeId } = gateway.database;
    await owner()`with e as (insert into environments (slug, name, kind) values ('tomo', 'T', 'desktop') returning id),
        v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e returning *),
        i as (insert into instances (name, environment_id, version_id, owner_id, experiment_id, state, node_id)
          select u.username, v.environment_id, v.id, u.id, x.id, 'running', ${nodeId}
          from v, users u, experiments x where u.username in ('ada', 'bob') and x.code = 'i1' returning id)
      insert into allocations (instance_id, node_id, cpus, memory_bytes) select id, ${nodeId}, 1, 1 from i`;
    const taken = async (more: object) =>
      (await reserve({ from: hours(-1), ...more }))["seatsTaken"];
    const alone = async (more: object) => {
      await owner()`truncate reservations`;
      return taken(more);
    };
    expect(await alone({})).toBe(1);
    expect(await alone({ kind: "experiment", subject: "I1" })).toBe(2);
    expect(await alone({ kind: "beamline", subject: "imbl", seats: 1 })).toBe(1);
    expect(await alone({ kind: "beamline", subject: "MX" })).toBe(0);
    expect(await alone({ from: hours(1) })).toBe(0);
    // They stand on node-1, and have no GPU; ada has one seat, not one in each.
    expect(await alone({ selector: "zone=b1" })).toBe(1);
    expect(await alone({ selector: "zone=b2" })).toBe(0);
    await owner()`insert into node_gpus (node_id, uuid, model, memory_bytes) values (${nodeId}, 'GPU-1', 'A40', 1)`;
    expect(await alone({ gpus: 1, seats: 1 })).toBe(0);
    const beam = { kind: "experiment", subject: "i1", seats: 2, title: "Beam", from: hours(-2) };
    expect(await alone(beam)).toBe(2);
    expect(await taken({})).toBe(0);
    const { items } = (await root.call("GET", path)).body;
    expect(items.map((it: { seatsTaken: number }) => it.seatsTaken)).toEqual([2, 0]);
  });

  it.each([
    [{ title: " " }, "title"],
    [{ kind: "person" }, "kind"],
    [{ subject: "nobody" }, "subject"],
    [{ kind: "experiment", subject: "course" }, "subject"],
    [{ from: "tomorrow" }, "from"],
    [{ until: hours(0.5) }, "until"],
    [{ from: hours(-9), until: hours(-8) }, "until"],
    [{ seats: 0 }, "seats"],
    [{ seats: 1001 }, "seats"],
    [{ cpus: -1 }, "cpus"],
    [{ cpus: 0.099 }, "cpus"],
    [{ memoryBytes: 0 }, "memoryBytes"],
    [{ memoryBytes: 64 * 1024 ** 2 - 1 }, "memoryBytes"],
    [{ gpus: 17 }, "gpus"],
    [{ gpuMemoryBytes: -1 }, "gpuMemoryBytes"],
  ])("is refused for %j", async (more, where) => {
    expect(await root.call("POST", path, body(more))).toMatchObject({
      status: 400,
      body: { errors: [{ path: where }] },
    });
    expect(await titles()).toEqual([]);
  });

  it("may be as small, and have as many seats, as is said", async () => {
    await owner()`update nodes set cpus = 50`;
    const least = { cpus: 0.1, memoryBytes: 64 * 1024 ** 2 };
    expect(await reserve({ ...least, seats: 476 })).toMatchObject({ missing: 0 });
    await owner()`update nodes set memory_bytes = 64000000000`;
    expect(await reserve({ ...least, seats: 1000 })).toMatchObject({ seats: 1000 });
  });

  it("is refused for its selector's fault, at its characters", async () => {
    const fault = { status: 400, body: { errors: [{ path: "selector", at: 4, end: 5 }] } };
    expect(await root.call("POST", path, body({ selector: "zone=" }))).toMatchObject(fault);
    const { id } = await reserve();
    expect(await root.call("PATCH", `${path}/${id}`, { selector: "zone=" })).toMatchObject(fault);
  });

  it("is not changed to what it may not be", async () => {
    const { id } = await reserve();
    const change = (more: object) => root.call("PATCH", `${path}/${id}`, more);
    expect(await change({})).toMatchObject({ status: 400 });
    expect(await change({ from: hours(9) })).toMatchObject({
      status: 409,
      body: { code: "ends_before_start" },
    });
    expect(await change({ until: hours(-1) })).toMatchObject({
      status: 400,
      body: { errors: [{ path: "until" }] },
    });
    expect(await change({ from: hours(3), until: hours(2) })).toMatchObject({ status: 400 });
    expect(await change({ seats: 9 })).toMatchObject({
      status: 409,
      body: { code: "reservation_too_large" },
    });
    expect((await root.call("GET", `${path}/${id}`)).body).toMatchObject({ seats: 4 });
    await root.call("DELETE", `${path}/${id}`);
    expect(await change({ seats: 1 })).toMatchObject({
      status: 409,
      body: { code: "reservation_cancelled" },
    });
    expect(await root.call("PATCH", `${path}/${randomUUID()}`, { seats: 1 })).toMatchObject({
      status: 404,
    });
    expect(await root.call("DELETE", `${path}/${randomUUID()}`)).toMatchObject({ status: 404 });
  });
});

describe("the room for it", () => {
  it.each([
    [{ seats: 9 }, { seats: 9, couldHold: 8, nodes: 2 }],
    [
      { seats: 5, selector: "zone=b1" },
      { seats: 5, couldHold: 4, nodes: 1 },
    ],
    [
      { seats: 1, selector: "zone=none" },
      { seats: 1, couldHold: 0, nodes: 0 },
    ],
    [
      { seats: 3, cpus: 3 },
      { seats: 3, couldHold: 2, nodes: 2 },
    ],
    [
      { seats: 3, memoryBytes: 9e9 },
      { seats: 3, couldHold: 2, nodes: 2 },
    ],
    [
      { seats: 3, gpus: 1, gpuMemoryBytes: 10 },
      { seats: 3, couldHold: 2, nodes: 2 },
    ],
    [
      { seats: 2, gpus: 1 },
      { seats: 2, couldHold: 1, nodes: 2 },
    ],
  ])("is told in numbers where it could never be: %j", async (more, numbers) => {
    await owner()`insert into node_gpus (node_id, uuid, model, memory_bytes, slots)
      select id, 'GPU-1', 'A100', 40, 2 from nodes where name = 'node-1'`;
    const answer = await root.call("POST", path, body(more));
    expect(answer).toMatchObject({
      status: 409,
      body: { code: "reservation_too_large", ...numbers },
    });
    for (const number of Object.values(numbers))
      expect(answer.body["detail"]).toContain(String(number));
    expect(await titles()).toEqual([]);
    await reserve({
      ...more,
      seats: Math.max(1, numbers.couldHold),
      ...(numbers.nodes ? {} : { selector: "" }),
    });
  });

  it("is what the nodes have when nobody is there, be they away or drained", async () => {
    await owner()`update nodes set ready = false, draining = true`;
    await reserve({ seats: 8 });
  });

  it("is told with what it overlaps with, and what is missing when there is least", async () => {
    await reserve({ title: "Early", from: hours(1), until: hours(3), seats: 3 });
    await reserve({ title: "Late", from: hours(3), until: hours(6), seats: 5 });
    await reserve({ title: "Before", from: hours(0.1), until: hours(1), seats: 8 });
    const made = await reserve({ title: "All day", from: hours(1), until: hours(6), seats: 4 });
    expect(made).toMatchObject({
      missing: 1,
      overlaps: [
        { title: "Early", seats: 3 },
        { title: "Late", seats: 5 },
      ],
    });
    await reserve({ title: "Elsewhere", from: hours(7), until: hours(8), selector: "zone=b1" });
    const other = await reserve({ from: hours(7), until: hours(8), selector: "zone=b2" });
    expect(other).toMatchObject({ missing: 0, overlaps: [], nodes: 1 });
  });
});

describe("the list", () => {
  it("has what is not over, by its begin, page by page", async () => {
    await reserve({ title: "c", from: hours(3), until: hours(4) });
    await reserve({ title: "a", from: hours(-1) });
    await reserve({ title: "b", from: hours(2), until: hours(4) });
    const { id } = await reserve({ title: "off", from: hours(1) });
    await root.call("DELETE", `${path}/${id}`);
    await owner()`update reservations set from_at = now() - interval '3 days', until_at = now() - interval '2 days'
      where title = 'a'`;
    expect(await titles()).toEqual(["b", "c"]);
    expect(await titles("?cancelled=true")).toEqual(["off", "b", "c"]);
    expect(await titles(`?from=${hours(-60)}`)).toEqual(["a", "b", "c"]);
    expect(await titles(`?until=${hours(2.5)}`)).toEqual(["b"]);
    expect(await titles("?search=B")).toEqual(["b"]);
    expect(await titles("?search=course")).toEqual(["b", "c"]);
    const first = await root.call("GET", `${path}?limit=1`);
    expect(await titles(`?limit=1&cursor=${String(first.body["nextCursor"])}`)).toEqual(["c"]);
    expect(await root.call("GET", `${path}?cancelled=perhaps`)).toMatchObject({ status: 400 });
  });
});

describe("staff", () => {
  it("reserve for their beamlines and their experiments, and nothing else", async () => {
    const post = (more: object) => sam.call("POST", path, body(more));
    expect(await sam.call("POST", path, imbl())).toMatchObject({
      status: 201,
      body: { createdBy: "sam" },
    });
    expect((await post({ kind: "experiment", subject: "i1" })).status).toBe(201);
    const refused = { status: 400, body: { errors: [{ path: "subject" }] } };
    expect(await post({ kind: "group", subject: "course" })).toMatchObject(refused);
    expect(await post({ kind: "beamline", subject: "MX" })).toMatchObject(refused);
    expect(await post({ kind: "experiment", subject: "m1" })).toMatchObject(refused);
    expect(await owner()`select count(*)::int as n from reservations`).toEqual([{ n: 2 }]);
  });

  it("see and change theirs, and of the others not even that they are there", async () => {
    const { id: mine } = await reserve(imbl());
    const { id: course } = await reserve({ title: "Course" });
    const { id: mx } = await reserve({ kind: "experiment", subject: "m1", title: "MX" });
    expect(await titles("", sam)).toEqual(["Beam"]);
    for (const id of [course, mx]) {
      const one = `${path}/${id}`;
      expect(await sam.call("GET", one)).toMatchObject({ status: 404 });
      expect(await sam.call("PATCH", one, { seats: 1 })).toMatchObject({ status: 404 });
      expect(await sam.call("DELETE", one)).toMatchObject({ status: 404 });
    }
    const own = await sam.call("PATCH", `${path}/${mine}`, { seats: 3 });
    expect(own).toMatchObject({ status: 200, body: { seats: 3 } });
    // They are told that others have a claim, and not what it is.
    expect(own.body["overlaps"]).toMatchObject([
      { id: null, title: null, seats: 4 },
      { id: null, title: null, seats: 4 },
    ]);
    expect((await sam.call("DELETE", `${path}/${mine}`)).status).toBe(204);
    expect(
      await owner()`select title from reservations where cancelled_at is null order by title`,
    ).toEqual([{ title: "Course" }, { title: "MX" }]);
  });

  it("are those who have the role: others may not even ask", async () => {
    expect(await ada.call("GET", path)).toMatchObject({
      status: 403,
      body: { code: "role_missing" },
    });
    expect(await ada.call("POST", path, imbl())).toMatchObject({ status: 403 });
  });
});
