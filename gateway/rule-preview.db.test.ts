/** What a change of rules would do, told before it is made. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import type { RulePreview } from "./preview-schemas.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;

const owner = () => gateway.database.owner.sql;
const path = "/api/admin/rules";

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("ada");
  await gateway.addUser("bob");
  root = await gateway.signIn("root");
  await gateway.database.addNode("node-2");
});
afterAll(() => gateway.stop());

/** Two nodes with two places each, one of them with label zone=b2, and an environment. */
beforeEach(async () => {
  await emptyTables(
    owner(),
    "rules, rule_versions, audit, environments, beamlines, instances, reservations",
  );
  await owner()`update nodes set ready = true, last_seen_at = now(), schedulable = true, draining = false,
    cpus = 2, memory_bytes = 8000000000, set_labels = jsonb_build_object('zone', case name when 'node-1' then 'b1' else 'b2' end)`;
  await owner()`with e as (insert into environments (slug, name, kind, cpus, memory_bytes)
      values ('tomo', 'Tomography', 'desktop', 1, 1000000000), ('huge', 'Huge', 'desktop', 2, 1000000000) returning id, slug)
    insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e`;
  await owner()`with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id)
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select 'X1', id, now() - interval '1 day', now() + interval '1 day' from b`;
});

/** Instances of tomo, as the columns say. */
const instance = async (columns: string, more = "") => {
  const [row] = await owner().unsafe<{ id: string }[]>(`
    with made as (
      insert into instances (name, environment_id, version_id, owner_id, ${columns.split("=")[0]})
      select 'Desk', e.id, v.id, u.id, ${columns.split("=").slice(1).join("=")}
      from environments e join versions v on v.environment_id = e.id, users u
      where e.slug = 'tomo' and u.username = 'ada' returning id
    ) ${more} select id from made`);
  return row?.id ?? "";
};
const queued = () => instance("state, queued_at = 'queued', now() - interval '10 minutes'");
/** Ran for an hour on node-1. */
const past = (hoursAgo: number) =>
  instance(
    `state, desired, ended_at = 'stopped', 'stopped', now()`,
    `, c as (insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at, ended_at)
      select id, 1, '${gateway.database.nodeId}', 'a', 'b', now() - interval '${hoursAgo} hours',
        now() - interval '${hoursAgo} hours', now() - interval '${hoursAgo - 1} hours' from made)`,
  );

async function preview(body: object): Promise<RulePreview> {
  const answer = await root.call("POST", `${path}/preview`, body);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body as unknown as RulePreview;
}
const draft = (then: object, more: object = {}) => ({
  draft: { name: "Draft", priority: 0, enabled: true, when: {}, then, ...more },
});
const codesOf = ({ warnings }: RulePreview) => warnings.map((it) => `${it.code} ${it.path}`);
const add = async (body: object) => {
  const answer = await root.call("POST", path, { confirm: true, ...body });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return String(answer.body["id"]);
};

describe("a preview", () => {
  it("tells of who waits and who came lately what the draft would give them, beside what they have", async () => {
    const waits = await queued();
    for (const hours of [30, 20, 10]) await past(hours);
    const told = await preview(draft({ require: "zone=b2" }));
    expect(told.queued).toMatchObject([
      {
        id: waits,
        environment: "tomo",
        user: "ada",
        experiment: null,
        before: { kind: "placed", node: "node-1", rules: [] },
        after: { kind: "placed", node: "node-2", rules: ["Draft"] },
        change: "moves",
      },
    ]);
    expect(told.past).toHaveLength(3);
    expect(told.past[0]).toMatchObject({
      before: { node: "node-1", waitMs: 0 },
      after: { node: "node-2" },
    });
    expect(told.summary).toEqual({
      considered: 4,
      same: 0,
      moves: 4,
      sooner: 0,
      later: 0,
      refused: 0,
      admitted: 0,
    });
    expect(told.looked).toEqual({ queued: 1, past: 3, pastInAll: 3 });
    expect(told).toMatchObject({ warnings: [], whatIf: null });
  });

  it("changes nothing", async () => {
    await queued();
    const all = () =>
      owner()`select (select jsonb_agg(to_jsonb(i)) from instances i) as i, (select count(*) from rules) as r,
        (select count(*) from rule_versions) as v, (select count(*) from audit) as a`;
    const before = await all();
    await preview(draft({ require: "zone=b2" }));
    expect(await all()).toEqual(before);
  });

  it("tells of limits who would wait longer, and of what never fits who would be refused", async () => {
    for (let n = 0; n < 3; n++) await past(30);
    const limited = await preview(draft({ limits: { perPerson: 1 } }));
    expect(limited.summary).toMatchObject({ considered: 3, later: 2, same: 1 });
    const waits = limited.past.map((it) => Math.round((it.after.waitMs ?? 0) / 3_600_000)).sort();
    expect(waits).toEqual([1, 2]);
    const refused = await preview(draft({ resources: { cpus: 100 } }));
    expect(refused.summary).toMatchObject({ refused: 3 });
    expect(refused.past[0]?.after).toMatchObject({
      kind: "refused",
      code: "never_fits",
      text: expect.stringContaining("Draft"),
    });
  });

  it("tells who would get a place if a rule went, or were another", async () => {
    const id = await add({ name: "Small", then: { resources: { cpus: 100 } } });
    await queued();
    await past(20);
    const gone = await preview({ remove: id });
    expect(gone.summary).toMatchObject({ considered: 2, admitted: 2 });
    const same = await preview({
      ...draft({ resources: { cpus: 100 } }, { name: "Small" }),
      days: 0,
    });
    expect(same.summary).toMatchObject({ considered: 1, same: 1 });
    const other = await preview({
      draft: {
        id,
        name: "Small",
        priority: 0,
        enabled: true,
        when: {},
        then: { resources: { cpus: 2 } },
      },
    });
    expect(other.summary).toMatchObject({ admitted: 2 });
  });

  it("tells what another order would do", async () => {
    const first = await add({ name: "First", priority: 20, then: { resources: { cpus: 100 } } });
    const second = await add({ name: "Second", priority: 10, then: { resources: { cpus: 1 } } });
    await queued();
    expect((await preview({ order: [second, first] })).summary).toMatchObject({ admitted: 1 });
    expect((await preview({ order: [first, second] })).summary).toMatchObject({ same: 1 });
  });

  it("counts those that ended before they had a place", async () => {
    await instance(
      "state, desired, ended_at, reason_code = 'failed', 'running', now(), 'never_fits'",
    );
    expect((await preview(draft({ resources: { cpus: 100 } }))).summary).toMatchObject({
      considered: 1,
      refused: 1,
    });
  });

  it("looks as many days back as it is told, and at no more than there are", async () => {
    for (const hours of [10, 60, 130, 200]) await past(hours);
    const days = async (n: number) => (await preview({ ...draft({}), days: n })).looked.past;
    expect([await days(0), await days(1), await days(3), await days(7), await days(31)]).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });
});

describe("one request", () => {
  it("is judged with every node's explanation, before and after", async () => {
    const told = await preview({
      ...draft(
        { require: "zone=b2", prefer: [{ selector: "zone", weight: 7 }] },
        { when: { experiment: "x1" } },
      ),
      request: { environment: "tomo", user: "bob", experiment: "x1" },
    });
    expect(told.whatIf?.before).toMatchObject({
      outcome: { kind: "placed", node: "node-1", rules: [] },
      nodes: [
        { node: "node-1", refusedBy: null },
        { node: "node-2", refusedBy: null },
      ],
    });
    expect(told.whatIf?.after).toMatchObject({
      outcome: { kind: "placed", node: "node-2", rules: ["Draft"] },
      nodes: [
        { node: "node-2", refusedBy: null, score: expect.any(Number) },
        {
          node: "node-1",
          refusedBy: "labels",
          score: null,
          text: expect.stringContaining("zone=b2"),
        },
      ],
    });
    const [line] = told.whatIf?.after.nodes[0]?.lines.filter((it) => it.points === 7) ?? [];
    expect(line).toBeDefined();
    expect(told.queued).toEqual([]);
  });

  it("waits behind the others, with when its turn is expected", async () => {
    await owner()`update nodes set schedulable = false where name = 'node-2'`;
    const { nodeId } = gateway.database;
    for (let n = 0; n < 2; n++)
      await instance(
        `state, node_id, expires_at = 'running', '${nodeId}', now() + interval '2 hours'`,
        `, a as (insert into allocations (instance_id, node_id, cpus, memory_bytes)
          select id, '${nodeId}', 1, 1000000000 from made)`,
      );
    const { whatIf } = await preview({ request: { environment: "tomo", user: "bob" } });
    expect(whatIf?.before.outcome).toMatchObject({
      kind: "waits",
      code: "no_capacity",
      node: null,
    });
    const hours = (whatIf?.before.outcome.waitMs ?? 0) / 3_600_000;
    expect(hours).toBeGreaterThan(1.9);
    expect(hours).toBeLessThan(2.1);
  });

  it.each([
    [{ environment: "none", user: "ada" }, "request.environment"],
    [{ environment: "tomo", user: "nobody" }, "request.user"],
    [{ environment: "tomo", user: "ada", experiment: "none" }, "request.experiment"],
  ])("is refused for what there is not: %j", async (request, where) => {
    const answer = await root.call("POST", `${path}/preview`, { request });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: where }] } });
  });
});

describe("warnings", () => {
  it.each([
    [{ require: "zone=b1,zone=b2" }, {}, "contradiction then.require"],
    [{ require: "zone=none" }, {}, "matches_no_node then.require"],
    [{ require: "zone=none" }, {}, "locks_out then.require"],
    [{ resources: { cpus: 100 } }, {}, "locks_out then.resources"],
    [{ resources: { gpus: 1 } }, { experiment: "X1" }, "locks_out then.resources"],
    [
      { resources: { gpus: 1 } },
      { experiment: "X1", until: "2100-01-01T00:00:00Z" },
      "locks_out then.resources",
    ],
    [{}, { experiment: "none" }, "never_matches when.experiment"],
    [{}, { experiment: ["X1", "none"] }, "never_matches when.experiment"],
    [{}, { beamline: ["IMBL", "none"] }, "never_matches when.beamline"],
    [{}, { environment: ["tomo", "none"] }, "never_matches when.environment"],
    [{}, { user: ["ada", "nobody"] }, "never_matches when.user"],
    [{}, { until: "2020-01-01T00:00:00Z" }, "never_matches when.until"],
  ])("are given for %j when %j", async (then, when, warning) => {
    expect(codesOf(await preview(draft(then, { when })))).toContain(warning);
  });

  it("are given where another rule says it first, or a limit is reached", async () => {
    await add({ name: "First", priority: 9, then: { strategy: "pack" } });
    const { nodeId } = gateway.database;
    await instance(
      `state, node_id = 'running', '${nodeId}'`,
      `, a as (insert into allocations (instance_id, node_id, cpus, memory_bytes) select id, '${nodeId}', 1, 1 from made)`,
    );
    const told = await preview(draft({ strategy: "spread", limits: { total: 1 } }));
    expect(codesOf(told)).toEqual(["shadowed then.strategy", "limit_reached then.limits.total"]);
  });

  it("say how many nodes a rule takes for beamtimes before anybody asks", async () => {
    const online = draft({ dedicate: true }, { when: { environment: "tomo" } });
    const takes = async (body: object) =>
      (await preview(body)).warnings.filter((it) => it.code === "takes_nodes");
    expect(await takes(online)).toEqual([]);
    await owner()`insert into entitlements (environment_id, kind, beamline_id)
      select e.id, 'beamline', b.id from environments e, beamlines b where e.slug = 'tomo'`;
    expect(await takes(online)).toEqual([
      {
        code: "takes_nodes",
        rule: "Draft",
        path: "then.dedicate",
        text: expect.stringMatching(/takes 1 of 2 nodes .*: X1$/),
      },
    ]);
    expect(await takes(draft({ dedicate: true }))).toEqual([]);
    expect(await takes({ draft: { ...online.draft, enabled: false } })).toEqual([]);
  });

  it("are none where nothing is wrong", async () => {
    const when = { experiment: "x1", beamline: "imbl", user: "ada", environment: "tomo" };
    expect(
      codesOf(await preview(draft({ require: "zone=b1", resources: { cpus: 2 } }, { when }))),
    ).toEqual([]);
  });
});

describe("a preview is refused", () => {
  it("for selectors, at their characters", async () => {
    const answer = await root.call(
      "POST",
      `${path}/preview`,
      draft({ require: "zone=", prefer: [{ selector: "(", weight: 1 }] }),
    );
    expect(answer).toMatchObject({
      status: 400,
      body: {
        errors: [
          { path: "draft.then.require", at: 4, end: 5 },
          { path: "draft.then.prefer.0.selector", at: 0, end: 1 },
        ],
      },
    });
  });

  it("for rules that there are not, and orders that name not all", async () => {
    const id = await add({ name: "One" });
    const none = randomUUID();
    for (const [body, where] of [
      [{ remove: none }, "remove"],
      [{ ...draft({}), draft: { ...draft({}).draft, id: none } }, "draft.id"],
      [{ order: [none] }, "order"],
      [{ order: [id, id] }, "order"],
      [{ order: [] }, "order"],
      [{ days: 32 }, "days"],
      [{ draft: { name: "x" } }, "draft.priority"],
    ] as const) {
      const answer = await root.call("POST", `${path}/preview`, body);
      expect(answer.status).toBe(400);
      expect((answer.body["errors"] as object[])[0]).toMatchObject({ path: where });
    }
  });
});
