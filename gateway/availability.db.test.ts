/** What people are told of the room for what they may start. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;
let ada: Browser;
let bob: Browser;

const owner = () => gateway.database.owner.sql;
const inHours = (n: number) => new Date(Date.now() + n * 3_600_000).toISOString();

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("ada");
  await gateway.addUser("bob");
  root = await gateway.signIn("root");
  ada = await gateway.signIn("ada");
  bob = await gateway.signIn("bob");
});
afterAll(() => gateway.stop());

/** One node with two places; tomo is open to everyone, and to an experiment of ada's. */
beforeEach(async () => {
  await emptyTables(
    owner(),
    "rules, rule_versions, reservations, environments, beamlines, groups, instances",
  );
  await owner()`update nodes set ready = true, last_seen_at = now(), cpus = 2, memory_bytes = 16000000000, draining = false`;
  await owner()`with e as (insert into environments (slug, name, kind, cpus, memory_bytes)
        values ('tomo', 'Tomography', 'desktop', 1, 1000000000), ('shut', 'Shut', 'desktop', 1, 1000000000) returning id, slug),
      o as (insert into entitlements (environment_id, kind) select id, 'everyone' from e where slug = 'tomo')
    insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e`;
  await owner()`with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id),
      x as (insert into experiments (code, beamline_id, starts_at, ends_at)
        select 'X1', id, now() - interval '1 day', now() + interval '1 day' from b returning id)
    insert into members (experiment_id, user_id) select x.id, u.id from x, users u where u.username = 'ada'`;
  await owner()`with g as (insert into groups (name) values ('course') returning id)
    insert into group_members (group_id, user_id) select g.id, u.id from g, users u where u.username = 'ada'`;
});

/** Takes a place of the node's. */
async function run(endsInHours: number | null, placedHoursAgo = 1): Promise<void> {
  const { nodeId } = gateway.database;
  const end = endsInHours === null ? null : inHours(endsInHours);
  await owner()`with i as (
      insert into instances (name, environment_id, version_id, owner_id, state, node_id, expires_at)
      select 'Desk', v.environment_id, v.id, u.id, 'running', ${nodeId}, ${end}
      from versions v join environments e on e.id = v.environment_id and e.slug = 'tomo', users u
      where u.username = 'root' returning id)
    insert into allocations (instance_id, node_id, cpus, memory_bytes, created_at)
    select id, ${nodeId}, 1, 1000000000, now() - ${placedHoursAgo} * interval '1 hour' from i`;
}
const ask = (browser: Browser, query = "") =>
  browser.call("GET", `/api/environments/tomo/availability${query}`);
const hoursUntil = (at: unknown) => (Date.parse(String(at)) - Date.now()) / 3_600_000;

describe("what there is room for", () => {
  it("is told as there being room now", async () => {
    await run(2);
    expect(await ask(ada)).toMatchObject({
      status: 200,
      body: { fits: "now", at: null, basis: null, code: null },
    });
  });

  it("is told with when a place is expected, by limits", async () => {
    await run(5);
    await run(2);
    const { body } = await ask(ada);
    expect(body).toMatchObject({ fits: "later", basis: "limit", code: "no_capacity" });
    expect(Math.round(hoursUntil(body["at"]))).toBe(2);
  });

  it("is told with who waits before one", async () => {
    await run(5);
    await run(2);
    await owner()`insert into instances (name, environment_id, version_id, owner_id, state, queued_at)
      select 'Waits', v.environment_id, v.id, u.id, 'queued', now() - interval '1 hour'
      from versions v join environments e on e.id = v.environment_id and e.slug = 'tomo', users u where u.username = 'bob'`;
    expect(Math.round(hoursUntil((await ask(ada)).body["at"]))).toBe(5);
  });

  it("is told with how long its like usually lasts", async () => {
    await run(null);
    await run(null);
    expect((await ask(ada)).body).toMatchObject({
      fits: "unknown",
      at: null,
      basis: null,
      code: "no_capacity",
    });
    await owner()`insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at, ended_at)
      select id, 1, ${gateway.database.nodeId}, 'a', 'b', now(), now() - interval '8 hours', now() - interval '4 hours'
      from instances`;
    const { body } = await ask(ada);
    expect(body).toMatchObject({ fits: "later", basis: "usual" });
    expect(Math.round(hoursUntil(body["at"]))).toBe(3);
  });

  it("is told as never, with the rule that forbids it", async () => {
    const rule = { name: "Large", then: { resources: { cpus: 9 } }, confirm: true };
    expect((await root.call("POST", "/api/admin/rules", rule)).status).toBe(201);
    expect((await ask(ada)).body).toMatchObject({
      fits: "never",
      at: null,
      code: "never_fits",
      text: expect.stringContaining("Large"),
    });
  });

  it("is told by what rules say of this person and this experiment", async () => {
    const limit = {
      name: "One",
      when: { experiment: "X1" },
      then: { resources: { cpus: 9 } },
      confirm: true,
    };
    await root.call("POST", "/api/admin/rules", limit);
    expect((await ask(ada)).body).toMatchObject({ fits: "now" });
    expect((await ask(ada, "?experiment=x1")).body).toMatchObject({ fits: "never" });
  });

  it("is kept for those it is reserved for, who are told from when", async () => {
    const reservation = {
      title: "Course",
      kind: "group",
      subject: "course",
      seats: 2,
      cpus: 1,
      memoryBytes: 1e9,
    };
    const reserve = (from: number, until: number) =>
      root.call("POST", "/api/admin/reservations", {
        ...reservation,
        from: inHours(from),
        until: inHours(until),
      });
    const active = await reserve(-1, 3);
    expect(active.status).toBe(201);
    expect((await ask(ada)).body).toMatchObject({ fits: "now" });
    const others = (await ask(bob)).body;
    expect(others).toMatchObject({ fits: "later", basis: "limit", code: "reserved" });
    expect(Math.round(hoursUntil(others["at"]))).toBe(3);
    await root.call("DELETE", `/api/admin/reservations/${String(active.body["id"])}`);
    await run(6);
    await run(6);
    await reserve(4, 8);
    const { body } = await ask(ada);
    expect(body).toMatchObject({
      fits: "later",
      basis: "reservation",
      text: expect.stringContaining("Course"),
    });
    expect(Math.round(hoursUntil(body["at"]))).toBe(4);
    expect(Math.round(hoursUntil((await ask(bob)).body["at"]))).toBe(6);
  });

  it("keeps nothing by being asked", async () => {
    await run(5);
    for (let n = 0; n < 3; n++) expect((await ask(ada)).body).toMatchObject({ fits: "now" });
    expect(await owner()`select count(*)::int as n from instances`).toEqual([{ n: 1 }]);
  });

  it("is told to those who may start it", async () => {
    const refused = (status: number, code: string) => ({ status, body: { code } });
    const shut = await ada.call("GET", "/api/environments/shut/availability");
    expect(shut).toMatchObject(refused(404, "unknown_environment"));
    expect(await ada.call("GET", "/api/environments/none/availability")).toMatchObject(
      refused(404, "unknown_environment"),
    );
    expect(await ask(bob, "?experiment=X1")).toMatchObject(refused(404, "unknown_experiment"));
    expect(await ask(ada, "?version=7")).toMatchObject(refused(404, "unknown_version"));
    expect((await ask(ada, "?version=1&experiment=X1")).status).toBe(200);
  });
});
