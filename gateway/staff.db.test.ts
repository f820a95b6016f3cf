/** What the staff of a beamline may do with environments and instances, and where that ends. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;
let sam: Browser;
let ada: Browser;
let environment: string;

const owner = () => gateway.database.owner.sql;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("sam", ["staff"]);
  await gateway.addUser("ada");
  root = await gateway.signIn("root");
  sam = await gateway.signIn("sam");
  ada = await gateway.signIn("ada");
  await emptyTables(owner(), "environments, beamlines, experiments");
  const [row] = await owner()<{ id: string }[]>`
    with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging'), ('MX', 'Crystals') returning id, code),
      s as (insert into beamline_staff (beamline_id, user_id)
        select b.id, u.id from b, users u where b.code = 'IMBL' and u.username = 'sam'),
      x as (insert into experiments (code, beamline_id, starts_at, ends_at)
        select case b.code when 'IMBL' then '1' else '2' end, b.id, now() - interval '1 day', now() + interval '1 day'
        from b returning id),
      m as (insert into members (experiment_id, user_id)
        select x.id, u.id from x, users u where u.username = 'ada'),
      e as (insert into environments (slug, name, kind) values ('tomo', 'Tomography', 'desktop') returning id),
      v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e)
    select id from e`;
  environment = row?.id ?? "";
});
afterAll(() => gateway.stop());

const entitlements = `/api/admin/environments`;
const openTo = (browser: Browser, kind: string, subject: string | null) =>
  browser.call("POST", `${entitlements}/${environment}/entitlements`, { kind, subject });
const seen = async (browser: Browser): Promise<{ id: string; subject: string | null }[]> =>
  ((await browser.call("GET", `${entitlements}/${environment}`)).body as never)["entitlements"];

describe("staff and environments", () => {
  it("open them to beamlines of theirs and their experiments, and to nobody else", async () => {
    expect((await openTo(sam, "beamline", "imbl")).status).toBe(201);
    expect((await openTo(sam, "experiment", "1")).status).toBe(201);
    for (const [kind, subject] of [
      ["beamline", "MX"],
      ["experiment", "2"],
      ["person", "sam"],
      ["everyone", null],
    ] as const)
      expect(await openTo(sam, kind, subject)).toMatchObject({
        status: 400,
        body: { errors: [{ path: "subject" }] },
      });
    expect((await openTo(sam, "everyone", null)).body["detail"]).toMatch(/only administrators/);
    expect((await seen(root)).map((it) => it.subject)).toEqual(["IMBL", "1"]);
  });

  it("see and take back only what is theirs, and change nothing else about them", async () => {
    await openTo(root, "beamline", "MX");
    await openTo(root, "person", "ada");
    await openTo(root, "everyone", null);
    expect((await seen(sam)).map((it) => it.subject)).toEqual(["IMBL", "1", null]);
    const all = await seen(root);
    for (const { id, subject } of all) {
      const { status } = await sam.call(
        "DELETE",
        `${entitlements}/${environment}/entitlements/${id}`,
      );
      expect({ subject, status }).toEqual({
        subject,
        status: subject === "IMBL" || subject === "1" ? 204 : 404,
      });
    }
    expect(
      (await sam.call("PATCH", `${entitlements}/${environment}`, { enabled: false })).status,
    ).toBe(403);
    expect((await seen(root)).map((it) => it.subject)).toEqual(["MX", "ada", null]);
  });
});

describe("staff and instances", () => {
  const start = async (experiment: string | null) => {
    const answer = await ada.call("POST", "/api/instances", {
      environment: "tomo",
      ...(experiment === null ? {} : { experiment }),
    });
    expect(answer.status).toBe(202);
    return String(answer.body["id"]);
  };
  const listed = async (browser: Browser, query = "") => {
    const { body } = await browser.call("GET", `/api/admin/instances${query}`);
    return { ids: body.items.map((it: { id: string }) => it.id), next: body["nextCursor"] };
  };

  it("see those of their beamlines, and stop them, which its owner reads", async () => {
    await owner()`insert into entitlements (environment_id, kind, beamline_id)
      select ${environment}, 'beamline', id from beamlines where code = 'IMBL'`;
    const [theirs, others, nones] = [await start("1"), await start("2"), await start(null)];
    expect((await listed(sam)).ids).toEqual([theirs]);
    expect((await listed(root)).ids).toEqual([nones, others, theirs]);
    expect((await listed(root, "?search=imbl")).ids).toEqual([theirs]);
    expect((await listed(root, "?search=ADA&state=queued")).ids).toHaveLength(3);
    expect((await listed(root, "?state=failed")).ids).toEqual([]);
    const first = await listed(root, "?limit=2");
    expect((await listed(root, `?limit=2&cursor=${String(first.next)}`)).ids).toEqual([theirs]);
    expect((await sam.call("GET", `/api/admin/instances/${theirs}`)).body).toMatchObject({
      owner: { username: "ada" },
      experiment: { code: "1", beamline: "IMBL" },
      state: "queued",
    });
    for (const id of [others, nones]) {
      expect((await sam.call("GET", `/api/admin/instances/${id}`)).status).toBe(404);
      expect((await sam.call("POST", `/api/admin/instances/${id}/stop`)).status).toBe(404);
    }
    expect(await sam.call("POST", `/api/admin/instances/${theirs}/stop`)).toMatchObject({
      status: 202,
      body: { state: "stopping", reason: { code: "stopped_by_staff" } },
    });
    expect(await sam.call("POST", `/api/admin/instances/${theirs}/stop`)).toMatchObject({
      status: 409,
      body: { code: "state_forbids" },
    });
    const { body } = await ada.call("GET", `/api/instances/${theirs}/audit`);
    expect(body.items[1]).toMatchObject({ action: "instance.stop", actor: "sam" });
    expect((await ada.call("GET", "/api/admin/instances")).status).toBe(403);
    expect((await root.call("POST", `/api/admin/instances/${others}/stop`)).status).toBe(202);
  });

  it("are listed living ones first, and by node, environment and owner", async () => {
    await emptyTables(owner(), "instances");
    await owner()`delete from nodes`;
    const ids = [];
    for (let n = 0; n < 4; n += 1) ids.push(await start(null));
    const [oldest, ended, on, newest] = ids;
    // The one that has ended is younger than one that lives.
    await owner()`update instances set state = 'stopped', desired = 'stopped' where id = ${ended ?? ""}`;
    await owner()`insert into nodes (name, cpus, memory_bytes) values ('GPU-04', 8, 1), ('gpu-041', 8, 1)`;
    await owner()`update instances set state = 'running', node_id = (select id from nodes where name = 'GPU-04')
      where id = ${on ?? ""}`;
    const order = [newest, on, oldest, ended];
    expect((await listed(root)).ids).toEqual(order);
    const paged: string[] = [];
    let next: unknown = null;
    do {
      const cursor: string = next === null ? "" : `&cursor=${String(next)}`;
      const page = await listed(root, `?limit=1${cursor}`);
      paged.push(...page.ids);
      next = page.next;
    } while (next !== null);
    expect(paged).toEqual(order);
    for (const [query, wanted] of [
      ["node=gpu-04", [on]],
      ["node=gpu-0", []],
      ["node=GPU-0*", [on]],
      ["node=gpu-041", []],
      ["environment=tomo", order],
      ["environment=to*", order],
      ["environment=tom", []],
      ["owner=ADA", order],
      ["owner=sam", []],
      ["owner=ada&state=stopped", [ended]],
    ] as const)
      expect({ query, ids: (await listed(root, `?${query}`)).ids }).toEqual({ query, ids: wanted });
    expect((await root.call("GET", "/api/admin/instances?node=%00")).status).toBe(400);
  });

  it("say where they stand in the queue, and how they were placed", async () => {
    await emptyTables(owner(), "instances");
    const [first, second] = [await start(null), await start(null)];
    const placement = {
      node: "gpu-04",
      strategy: "spread",
      at: "2026-11-22T10:00:00.000Z",
      rules: ["A"],
      filtered: { ready: 2 },
      best: [{ node: "gpu-04", score: 10, lines: [{ rule: "A", points: 10 }] }],
    };
    await owner()`update instances set queue_estimate = '2026-11-22T14:30:00Z', queue_basis = 'usual'
      where id = ${second}`;
    const detail = async (id: string) =>
      (await root.call("GET", `/api/admin/instances/${id}`)).body as Record<string, unknown>;
    expect(await detail(second)).toMatchObject({
      queue: { position: 2, estimate: "2026-11-22T14:30:00.000Z", basis: "usual" },
      placement: null,
      notice: null,
      expiresAt: null,
    });
    await owner()`update instances set state = 'running', placement = ${JSON.stringify(placement)}::jsonb,
      notice_code = 'ends_soon', notice_text = 'soon', notice_at = '2026-11-22T10:00:00Z',
      expires_at = '2026-11-22T11:00:00Z' where id = ${first}`;
    expect(await detail(first)).toMatchObject({
      queue: null,
      placement,
      notice: { code: "ends_soon", text: "soon", at: "2026-11-22T10:00:00.000Z" },
      expiresAt: "2026-11-22T11:00:00.000Z",
    });
  });
});
