/** What the staff of a beamline may do with environments and instances, and where that ends. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";

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
  await owner()`truncate environments, beamlines, experiments cascade`;
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
});
