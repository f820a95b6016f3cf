import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;
let sam: Browser;
let ada: Browser;

const owner = () => gateway.database.owner.sql;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  await gateway.addUser("sam", ["staff"]);
  await gateway.addUser("ada");
  root = await gateway.signIn("root");
  sam = await gateway.signIn("sam");
  ada = await gateway.signIn("ada");
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await emptyTables(owner(), "beamlines, experiments, groups, environments, audit");
});

type Body = Record<string, unknown> & { id: string };
async function make(path: string, body: object, browser = root): Promise<Body> {
  const answer = await browser.call("POST", `/api/admin/${path}`, body);
  if (answer.status !== 201) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body as unknown as Body;
}
const imbl = () => make("beamlines", { code: "IMBL", name: "Imaging", staff: ["sam"] });
const experiment = (code: string, more = {}) => ({
  code,
  beamline: "IMBL",
  title: `About ${code}`,
  startsAt: "2026-11-01T00:00:00Z",
  endsAt: "2026-11-04T00:00:00Z",
  members: [],
  ...more,
});
async function environment(slug = "tomo"): Promise<string> {
  const [row] = await owner()<{ id: string }[]>`
    with e as (insert into environments (slug, name, kind) values (${slug}, ${slug}, 'desktop') returning id),
      v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e)
    select id from e`;
  return row?.id ?? "";
}
const codes = async (browser: Browser, query = "") =>
  (await browser.call("GET", `/api/admin/experiments${query}`)).body.items.map(
    (it: { code: string }) => it.code,
  );

describe("beamlines", () => {
  it("are made, changed, listed by code in any case, and removed while they have no experiments", async () => {
    const made = await imbl();
    expect(made).toMatchObject({ code: "IMBL", name: "Imaging", staff: ["sam"], experiments: 0 });
    for (const code of ["mx1", "XFM"]) await make("beamlines", { code, name: code });
    const list = async (query: string) =>
      (await root.call("GET", `/api/admin/beamlines${query}`)).body as unknown as {
        items: Body[];
        nextCursor: string | null;
      };
    const first = await list("?limit=2");
    expect(first.items.map((it) => it["code"])).toEqual(["IMBL", "mx1"]);
    const rest = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect(rest.items.map((it) => it["code"])).toEqual(["XFM"]);
    expect((await list("?search=imag")).items).toHaveLength(1);
    const path = `/api/admin/beamlines/${made.id}`;
    expect((await root.call("PATCH", path, { name: "IM", staff: [] })).body).toMatchObject({
      name: "IM",
      staff: [],
    });
    await make("experiments", experiment("1"));
    expect(await root.call("DELETE", path)).toMatchObject({
      status: 409,
      body: { code: "beamline_in_use" },
    });
    await owner()`delete from experiments`;
    expect((await root.call("DELETE", path)).status).toBe(204);
    expect((await root.call("GET", path)).status).toBe(404);
  });

  it("refuse a taken code, in any case, and staff that nobody is, and then are not there", async () => {
    await imbl();
    expect(
      await root.call("POST", "/api/admin/beamlines", { code: "imbl", name: "x" }),
    ).toMatchObject({ status: 409, body: { code: "code_taken" } });
    expect(
      await root.call("POST", "/api/admin/beamlines", { code: "MX", name: "x", staff: ["nobody"] }),
    ).toMatchObject({ status: 400, body: { errors: [{ path: "staff" }] } });
    expect(await owner()`select code from beamlines`).toEqual([{ code: "IMBL" }]);
  });
});

describe("experiments", () => {
  it("are made with members, changed, listed by start, searched, and removed", async () => {
    await imbl();
    const made = await make("experiments", experiment("18342", { members: ["ada"] }));
    expect(made).toMatchObject({
      code: "18342",
      beamline: { code: "IMBL" },
      memberCount: 1,
      members: [{ username: "ada", until: null }],
      dataAccess: "write",
    });
    await make("experiments", experiment("17999", { startsAt: "2025-01-01T00:00:00Z" }));
    expect(await codes(root)).toEqual(["18342", "17999"]);
    expect(await codes(root, "?sort=startsAt")).toEqual(["17999", "18342"]);
    expect(await codes(root, "?search=799")).toEqual(["17999"]);
    const { body } = await root.call("GET", "/api/admin/experiments?limit=1");
    expect(await codes(root, `?limit=1&cursor=${String(body["nextCursor"])}`)).toEqual(["17999"]);
    const path = `/api/admin/experiments/${made.id}`;
    const patch = { title: "Other", dataAccess: "read", dataPath: "/nfs/18342", members: [] };
    expect((await root.call("PATCH", path, patch)).body).toMatchObject({
      ...patch,
      memberCount: 0,
    });
    expect((await root.call("DELETE", path)).status).toBe(204);
    expect((await root.call("DELETE", path)).status).toBe(404);
  });

  it("are listed of one beamline, in any case, page by page, and never of one that is out of reach", async () => {
    await imbl();
    await make("beamlines", { code: "MX1", name: "Crystals" });
    for (const code of ["1", "2"]) await make("experiments", experiment(code));
    await make("experiments", experiment("3", { beamline: "MX1" }));
    const { body } = await root.call("GET", "/api/admin/experiments?beamline=imbl&limit=1");
    const rest = `?beamline=imbl&cursor=${String(body["nextCursor"])}`;
    const found = [...(await codes(root, "?beamline=imbl&limit=1")), ...(await codes(root, rest))];
    expect(found.toSorted()).toEqual(["1", "2"]);
    expect(await codes(root, "?beamline=MX1&search=about")).toEqual(["3"]);
    expect(await codes(root, "?beamline=none")).toEqual([]);
    expect(await codes(sam, "?beamline=MX1")).toEqual([]);
    expect(await codes(sam, "?beamline=IMBL")).toHaveLength(2);
  });

  it("refuse an end before the start, also when only one of them is changed", async () => {
    await imbl();
    const made = await make("experiments", experiment("1"));
    const path = `/api/admin/experiments/${made.id}`;
    expect(
      await root.call(
        "POST",
        "/api/admin/experiments",
        experiment("2", { endsAt: "2020-01-01T00:00:00Z" }),
      ),
    ).toMatchObject({ status: 400, body: { errors: [{ path: "endsAt" }] } });
    expect(await root.call("PATCH", path, { endsAt: "2020-01-01T00:00:00Z" })).toMatchObject({
      status: 409,
      body: { code: "ends_before_start" },
    });
    expect(
      await root.call("PATCH", path, {
        startsAt: "2026-01-02T00:00:00Z",
        endsAt: "2026-01-01T00:00:00Z",
      }),
    ).toMatchObject({ status: 400 });
  });

  it("are not removed once something was started for them, and neither are unknown people added", async () => {
    await imbl();
    const made = await make("experiments", experiment("1", { members: ["ada"] }));
    const id = await environment();
    await make(`environments/${id}/entitlements`, { kind: "everyone" });
    const started = await ada.call("POST", "/api/instances", {
      environment: "tomo",
      experiment: "1",
    });
    expect(started).toMatchObject({ status: 202, body: { experiment: "1" } });
    const path = `/api/admin/experiments/${made.id}`;
    expect(await root.call("DELETE", path)).toMatchObject({
      status: 409,
      body: { code: "experiment_in_use" },
    });
    expect(
      await root.call("PATCH", path, { title: "x", members: ["ada", "nobody"] }),
    ).toMatchObject({
      status: 400,
      body: { errors: [{ path: "members", message: expect.stringContaining("nobody") }] },
    });
    expect((await root.call("GET", path)).body).toMatchObject({ title: "About 1", memberCount: 1 });
  });
});

describe("staff", () => {
  it("reach their beamlines' experiments, and know of no others", async () => {
    await imbl();
    await make("beamlines", { code: "MX2", name: "Crystals" });
    const other = await make("experiments", experiment("2", { beamline: "MX2" }));
    const mine = await make("experiments", experiment("1"), sam);
    expect(await codes(sam)).toEqual(["1"]);
    expect((await sam.call("GET", "/api/admin/beamlines")).body.items).toHaveLength(1);
    expect(
      (await sam.call("PATCH", `/api/admin/experiments/${mine.id}`, { members: ["ada"] })).status,
    ).toBe(200);
    const path = `/api/admin/experiments/${other.id}`;
    for (const [method, body] of [["GET"], ["PATCH", { title: "mine" }], ["DELETE"]] as const)
      expect((await sam.call(method, path, body)).status).toBe(404);
    expect(
      await sam.call("POST", "/api/admin/experiments", experiment("3", { beamline: "MX2" })),
    ).toMatchObject({ status: 400, body: { errors: [{ path: "beamline" }] } });
  });

  it("do not say where data lies, as it is mounted from there", async () => {
    await imbl();
    const path = { dataPath: "/etc" };
    expect(await sam.call("POST", "/api/admin/experiments", experiment("1", path))).toMatchObject({
      status: 403,
      body: { code: "role_missing" },
    });
    const made = await make("experiments", experiment("1"), sam);
    for (const dataPath of ["/etc", null])
      expect(
        (await sam.call("PATCH", `/api/admin/experiments/${made.id}`, { dataPath })).status,
      ).toBe(403);
    const url = `/api/admin/experiments/${made.id}`;
    await root.call("PATCH", url, { dataAccess: "read" });
    expect((await sam.call("PATCH", url, { dataAccess: "write" })).status).toBe(403);
    expect((await sam.call("DELETE", url)).status).toBe(403);
    await root.call("PATCH", url, { dataAccess: "write" });
    expect((await sam.call("DELETE", url)).status).toBe(204);
  });
});

describe("groups", () => {
  it("are made, changed and removed, and what was open to them is not any more", async () => {
    const made = await make("groups", { name: "imaging", gid: 7001, members: ["ada"] });
    expect(made).toMatchObject({ name: "imaging", gid: 7001, members: ["ada"] });
    const id = await environment();
    await make(`environments/${id}/entitlements`, { kind: "group", subject: "imaging" });
    const catalogue = async () => (await ada.call("GET", "/api/environments")).body.items.length;
    expect(await catalogue()).toBe(1);
    const path = `/api/admin/groups/${made.id}`;
    await root.call("PATCH", path, { members: ["sam"] });
    expect(await catalogue()).toBe(0);
    await root.call("PATCH", path, { members: ["ada"], description: "Those who image" });
    expect(await catalogue()).toBe(1);
    expect(
      await root.call("POST", "/api/admin/groups", { name: "other", gid: 7001 }),
    ).toMatchObject({ status: 409, body: { code: "gid_taken" } });
    expect((await root.call("GET", "/api/admin/groups?search=image")).body.items).toHaveLength(1);
    expect((await root.call("DELETE", path)).status).toBe(204);
    expect(await catalogue()).toBe(0);
  });
});

describe("environments", () => {
  it("are opened to somebody and closed again, taken out and brought back", async () => {
    const id = await environment();
    const path = `/api/admin/environments/${id}`;
    const opened = await make(`environments/${id}/entitlements`, {
      kind: "person",
      subject: "ada",
      until: "2999-01-01T00:00:00+10:00",
    });
    const [entitlement] = opened["entitlements"] as Body[];
    expect(entitlement).toMatchObject({
      kind: "person",
      subject: "ada",
      from: null,
      until: "2998-12-31T14:00:00.000Z",
    });
    const catalogue = async () => (await ada.call("GET", "/api/environments")).body.items.length;
    expect(await catalogue()).toBe(1);
    await root.call("PATCH", path, { enabled: false, name: "Tomography" });
    expect(await catalogue()).toBe(0);
    expect((await root.call("GET", "/api/admin/environments")).body.items).toMatchObject([
      { slug: "tomo", name: "Tomography", enabled: false },
    ]);
    await root.call("PATCH", path, { enabled: true });
    expect((await root.call("DELETE", `${path}/entitlements/${entitlement?.id}`)).status).toBe(204);
    expect(await catalogue()).toBe(0);
    expect((await root.call("DELETE", `${path}/entitlements/${entitlement?.id}`)).status).toBe(404);
  });

  it("are opened to the same once", async () => {
    const id = await environment();
    await make(`environments/${id}/entitlements`, { kind: "everyone" });
    expect(
      await root.call("POST", `/api/admin/environments/${id}/entitlements`, { kind: "everyone" }),
    ).toMatchObject({ status: 409, body: { code: "already_open" } });
  });

  it.each([
    [{ kind: "person" }, "subject"],
    [{ kind: "everyone", subject: "ada" }, "subject"],
    [{ kind: "person", subject: "nobody" }, "subject"],
    [{ kind: "anybody" }, "kind"],
    [{ kind: "everyone", from: "2026-02-01T00:00:00Z", until: "2026-01-01T00:00:00Z" }, "until"],
  ])("are not opened to %j", async (body, path) => {
    const id = await environment();
    const answer = await root.call("POST", `/api/admin/environments/${id}/entitlements`, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  it("are not opened where there are none", async () => {
    const path = `/api/admin/environments/${randomUUID()}/entitlements`;
    expect((await root.call("POST", path, { kind: "everyone" })).status).toBe(404);
  });
});

describe("why someone may start something, or not", () => {
  const ask = async (query: string, browser = sam) =>
    browser.call("GET", `/api/admin/may-start?environment=tomo&${query}`);

  it("is told with what each entitlement does for that person", async () => {
    await imbl();
    await make("experiments", experiment("1", { members: ["ada"] }));
    const id = await environment();
    const open = (body: object) => make(`environments/${id}/entitlements`, body);
    await open({ kind: "beamline", subject: "IMBL" });
    await open({ kind: "person", subject: "root" });
    await open({ kind: "everyone", from: "2999-01-01T00:00:00Z" });
    await open({ kind: "everyone", until: "2020-01-01T00:00:00Z" });
    expect(await ask("user=ada", root)).toMatchObject({
      status: 200,
      body: {
        allowed: true,
        via: "beamline",
        reason: null,
        entitlements: [
          { kind: "beamline", subject: "IMBL", effect: "opens" },
          { kind: "person", subject: "root", effect: "for_others" },
          { kind: "everyone", subject: null, effect: "not_yet" },
          { kind: "everyone", effect: "ended" },
        ],
      },
    });
    await owner()`delete from members`;
    expect((await ask("user=ada")).body).toMatchObject({ allowed: false, reason: "not_entitled" });
    expect((await ask("user=ada&experiment=1")).body).toMatchObject({ reason: "not_entitled" });
    expect((await ask("user=root")).body).toMatchObject({ allowed: true, via: "person" });
    await owner()`update users set disabled_at = now() where username = 'ada'`;
    expect((await ask("user=ada")).body).toMatchObject({ reason: "person_disabled" });
    await owner()`update users set disabled_at = null`;
  });

  it("tells staff nothing of other beamlines, which administrators see", async () => {
    await imbl();
    await make("beamlines", { code: "MX2", name: "Crystals" });
    await make("experiments", experiment("1", { members: ["ada"] }));
    await make("experiments", experiment("2", { members: ["ada"], beamline: "MX2" }));
    await make("experiments", experiment("3", { beamline: "MX2" }));
    const id = await environment();
    for (const subject of ["IMBL", "MX2"])
      await make(`environments/${id}/entitlements`, { kind: "beamline", subject });
    await make(`environments/${id}/entitlements`, { kind: "person", subject: "root" });
    const [staff, admin] = [await ask("user=ada"), await ask("user=ada", root)];
    expect(staff.body).toMatchObject({ reason: "experiment_needed", experiments: ["1"] });
    expect(staff.body["entitlements"]).toMatchObject([{ subject: "IMBL" }]);
    expect(admin.body["experiments"]).toHaveLength(2);
    expect(admin.body["entitlements"]).toHaveLength(3);
    for (const code of ["3", "nothing"])
      expect((await ask(`user=ada&experiment=${code}`)).body).toMatchObject({
        reason: "unknown_experiment",
      });
    expect((await ask("user=ada&experiment=3", root)).body).toMatchObject({
      reason: "not_a_member",
    });
  });

  it("is asked of people there are, by those who may ask", async () => {
    expect((await ask("user=nobody")).status).toBe(404);
    expect((await ask("user=A%20B")).status).toBe(400);
    expect((await ask("user=ada", ada)).status).toBe(403);
    expect((await ask("user=ada")).body).toMatchObject({ reason: "unknown_environment" });
  });
});

describe("what administrators do", () => {
  it("is in the audit trail, and what came to nothing is not", async () => {
    const made = await imbl();
    await root.call("PATCH", `/api/admin/beamlines/${made.id}`, { name: "Other" });
    await root.call("PATCH", `/api/admin/beamlines/${randomUUID()}`, { name: "Other" });
    await root.call("POST", "/api/admin/beamlines", { code: "IMBL", name: "again" });
    const rows =
      await owner()`select actor_name, action, subject_id, detail from audit order by id`;
    const common = { actor_name: "root", subject_id: made.id };
    expect(rows).toEqual([
      {
        ...common,
        action: "beamline.create",
        detail: { code: "IMBL", name: "Imaging", staff: ["sam"] },
      },
      { ...common, action: "beamline.change", detail: { name: "Other" } },
    ]);
  });
});
