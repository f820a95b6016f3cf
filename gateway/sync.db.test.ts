import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let root: Browser;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await emptyTables(owner(), "users, beamlines, experiments, audit, posix_ids");
  await gateway.addUser("root", ["admin"]);
  root = await gateway.signIn("root");
});

const owner = () => gateway.database.owner.sql;
const sync = (body: object) => root.call("POST", "/api/admin/experiments/sync", body);

const person = (username: string, more = {}) => ({
  username,
  displayName: `Person ${username}`,
  ...more,
});
const experiment = (code: string, members: string[], more = {}) => ({
  code,
  beamline: "IMBL",
  title: `About ${code}`,
  startsAt: "2026-11-01T08:00:00+11:00",
  endsAt: "2026-11-04T08:00:00+11:00",
  members,
  ...more,
});
const batch = {
  beamlines: [{ code: "IMBL", name: "Imaging and Medical" }],
  people: [person("ada", { email: "ada@example.org" }), person("bob")],
  experiments: [experiment("18342", ["ada", "bob"]), experiment("17999", ["bob"])],
};
const none = { created: 0, updated: 0, unchanged: 0 };

async function membersOf(code: string) {
  const rows = await owner()<{ username: string }[]>`
    select u.username from members m join users u on u.id = m.user_id
    join experiments x on x.id = m.experiment_id where x.code = ${code} order by 1`;
  return rows.map((it) => it.username);
}

describe("synchronising with the user office", () => {
  it("makes what is new, and the same again changes nothing", async () => {
    expect(await sync(batch)).toMatchObject({
      status: 200,
      body: {
        dryRun: false,
        beamlines: { ...none, created: 1 },
        people: { ...none, created: 2 },
        experiments: { ...none, created: 2 },
        members: { added: 3, removed: 0 },
      },
    });
    expect(await membersOf("18342")).toEqual(["ada", "bob"]);
    expect((await sync(batch)).body).toMatchObject({
      beamlines: { ...none, unchanged: 1 },
      people: { ...none, unchanged: 2 },
      experiments: { ...none, unchanged: 2 },
      members: { added: 0, removed: 0 },
    });
    const [row] = await owner()`select iso(starts_at) as at from experiments where code = '18342'`;
    expect(row).toEqual({ at: "2026-10-31T21:00:00.000Z" });
  });

  it("removes who is not named any more, brings back who is, and leaves what it does not name", async () => {
    await sync(batch);
    const changed = [experiment("18342", ["bob"], { title: "Another" })];
    expect((await sync({ experiments: changed })).body).toMatchObject({
      experiments: { ...none, updated: 1 },
      members: { added: 0, removed: 1 },
    });
    expect(await membersOf("18342")).toEqual(["bob"]);
    expect(await membersOf("17999")).toEqual(["bob"]);
    await owner()`update members set until = now()`;
    expect((await sync(batch)).body).toMatchObject({ members: { added: 3, removed: 0 } });
  });

  it("keeps a code's case, and finds it in any", async () => {
    await sync(batch);
    await sync({ experiments: [experiment("CAPS", ["ada"], { beamline: "imbl", title: "x" })] });
    const again = [experiment("caps", ["ada"], { title: "x" })];
    expect((await sync({ experiments: again })).body).toMatchObject({
      experiments: { ...none, unchanged: 1 },
    });
    expect(await membersOf("CAPS")).toEqual(["ada"]);
  });

  it("says what it would do without doing it", async () => {
    const answer = await sync({ ...batch, dryRun: true });
    expect(answer.body).toMatchObject({ dryRun: true, members: { added: 3, removed: 0 } });
    expect(await owner()`select 1 from experiments`).toEqual([]);
    expect(await owner()`select 1 from audit where action = 'experiments.sync'`).toEqual([]);
  });

  it("lets nobody in by a password, and gives each a uid that is theirs for good", async () => {
    await sync({ people: [person("ada"), person("bob", { uid: 5001 })] });
    const rows =
      await owner()`select username, uid, password_hash from users where username <> 'root' order by 1`;
    expect(rows).toEqual([
      { username: "ada", uid: expect.any(Number), password_hash: null },
      { username: "bob", uid: 5001, password_hash: null },
    ]);
    for (const password of ["a good password", "null", "$scrypt$"]) {
      const login = { username: "ada", password };
      expect((await gateway.browser().call("POST", "/api/auth/login", login)).status).toBe(401);
    }
  });

  it("names every fault and its place, and then changes nothing at all", async () => {
    await sync({ people: [person("ada", { uid: 5000, email: "ada@example.org" })] });
    const faulty = {
      people: [
        person("ada", { uid: 5001 }),
        person("eve", { uid: 5000 }),
        person("mal", { email: "ada@example.org" }),
      ],
    };
    expect(await sync(faulty)).toMatchObject({
      status: 400,
      body: {
        code: "validation",
        errors: [
          { path: "people.0.uid", message: expect.stringContaining("has the uid 5000") },
          { path: "people.1.uid", message: "belongs to ada already" },
          { path: "people.2.email", message: "is the address of ada already" },
        ],
      },
    });
    expect(
      await sync({
        people: [person("new")],
        beamlines: batch.beamlines,
        experiments: [
          experiment("1", ["new"]),
          experiment("2", ["new", "nobody"], { beamline: "MX2" }),
        ],
      }),
    ).toMatchObject({
      status: 400,
      body: {
        errors: [
          { path: "experiments.1.beamline", message: expect.stringContaining("MX2") },
          { path: "experiments.1.members.1", message: expect.stringContaining("nobody") },
        ],
      },
    });
    expect(await owner()`select 1 from users where username = 'new'`).toEqual([]);
    expect(await owner()`select 1 from beamlines`).toEqual([]);
  });

  it.each([
    [
      { experiments: [experiment("a", [], { endsAt: "2026-10-01T00:00:00Z" })] },
      "experiments.0.endsAt",
    ],
    [{ experiments: [experiment("a", [], { startsAt: "2026-11-01" })] }, "experiments.0.startsAt"],
    [{ experiments: [experiment("../a", [])] }, "experiments.0.code"],
    [{ experiments: [experiment("a", ["Not A Name"])] }, "experiments.0.members.0"],
    [
      { experiments: [experiment("a", [], { dataPath: "/data/../etc" })] },
      "experiments.0.dataPath",
    ],
    [{ experiments: [experiment("a", [], { dataPath: "data" })] }, "experiments.0.dataPath"],
    [{ experiments: [experiment("a", []), experiment("A", [])] }, "experiments.1"],
    [{ people: [person("ada"), person("ada")] }, "people.1"],
    [{ people: [person("ada", { uid: 0 })] }, "people.0.uid"],
    [{ people: [person("a", { uid: 5000 }), person("b", { uid: 5000 })] }, "people.1"],
    [{ beamlines: [{ code: "a b", name: "x" }] }, "beamlines.0.code"],
  ])("refuses %j", async (body, path) => {
    expect(await sync(body)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  it("has a number stand for one person or one group, and keeps an experiment's", async () => {
    const gids = () =>
      owner()`select code, gid from experiments where code like 'G%' order by code`;
    await sync({
      beamlines: batch.beamlines,
      people: [person("gil", { uid: 6001, gid: 1600 })],
      experiments: [experiment("G1", [], { gid: 6100 }), experiment("G2", [])],
    });
    const before = await gids();
    expect(before).toEqual([
      { code: "G1", gid: 6100 },
      { code: "G2", gid: expect.toSatisfy((gid: number) => gid >= 1_000_000_000) },
    ]);
    await sync({ experiments: [experiment("G1", []), experiment("G2", [], { title: "another" })] });
    expect(await gids()).toEqual(before);
    // A group of their own with the number of their uid is what they have anyhow.
    for (let n = 0; n < 2; n++)
      expect((await sync({ people: [person("own", { uid: 6200, gid: 6200 })] })).status).toBe(200);
    const { status, body } = await sync({
      people: [
        person("one", { uid: 6100 }),
        person("two", { gid: 6100 }),
        person("three", { gid: 6001 }),
        person("four", { uid: 1600 }),
      ],
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      errors: [
        { path: "people.0.uid", message: "belongs to a group already" },
        { path: "people.1.gid" },
        { path: "people.2.gid" },
        { path: "people.3.uid" },
      ],
    });
    const groups = await sync({
      experiments: [
        experiment("G3", [], { gid: 6001 }),
        experiment("G4", [], { gid: 1600 }),
        experiment("G5", [], { gid: 6100 }),
      ],
    });
    expect(groups.body).toMatchObject({
      errors: [
        { path: "experiments.0.gid" },
        { path: "experiments.1.gid" },
        { path: "experiments.2.gid" },
      ],
    });
  });

  it("uses up no uids for people who are known, and allots none that the facility gave", async () => {
    await sync(batch);
    const [before] = await owner()`select last_value from uids`;
    await sync(batch);
    await sync({ ...batch, dryRun: true });
    expect(await owner()`select last_value from uids`).toEqual([before]);
    const next = Number(before?.["last_value"]) + 1;
    await sync({ people: [person("eve", { uid: next })] });
    expect((await sync({ people: [person("mal")] })).status).toBe(200);
    const [mal] = await owner()`select uid from users where username = 'mal'`;
    expect(mal).toEqual({ uid: next + 1 });
  });

  it("leaves in the audit trail who came and who went", async () => {
    await sync(batch);
    await sync({ experiments: [experiment("18342", ["bob"])] });
    const rows = await owner()`select detail -> 'added' as added, detail -> 'removed' as removed
      from audit where action = 'experiments.sync' order by id`;
    expect(rows).toEqual([
      { added: ["17999: bob", "18342: ada", "18342: bob"], removed: [] },
      { added: [], removed: ["18342: ada"] },
    ]);
  });

  it("of two at once comes to the same as of one after the other", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => sync(batch)));
    expect(answers.map((it) => it.status)).toEqual(Array(6).fill(200));
    expect(await membersOf("18342")).toEqual(["ada", "bob"]);
  });
});

describe("a start", () => {
  it("is for an experiment of one's own, and for no other", async () => {
    await sync(batch);
    await emptyTables(owner(), "environments");
    await owner()`
      with e as (insert into environments (slug, name, kind) values ('tomo', 'Tomography', 'desktop') returning id),
        v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e)
      insert into entitlements (environment_id, kind, beamline_id)
      select e.id, 'beamline', b.id from e, beamlines b`;
    const hash = await owner()`select password_hash from users where username = 'root'`;
    await owner()`update users set password_hash = ${hash[0]?.["password_hash"] as string}`;
    const [ada, bob] = [await gateway.signIn("ada"), await gateway.signIn("bob")];
    const start = (browser: Browser, experiment?: string) =>
      browser.call("POST", "/api/instances", {
        environment: "tomo",
        ...(experiment && { experiment }),
      });
    expect((await ada.call("GET", "/api/environments")).body.items).toMatchObject([
      { slug: "tomo", experiments: ["18342"], needsExperiment: true },
    ]);
    expect(await start(ada)).toMatchObject({ status: 202, body: { experiment: "18342" } });
    expect(await start(ada, "17999")).toMatchObject({
      status: 404,
      body: { code: "unknown_experiment" },
    });
    expect(await start(bob)).toMatchObject({
      status: 409,
      body: { code: "experiment_needed", detail: expect.stringContaining("17999") },
    });
    expect(await start(bob, "17999")).toMatchObject({ status: 202, body: { experiment: "17999" } });
    expect((await bob.call("GET", "/api/experiments")).body.items).toMatchObject([
      { code: expect.any(String), environments: ["tomo"], beamline: { code: "IMBL" } },
      { environments: ["tomo"] },
    ]);
    const { id } = (await ada.call("POST", "/api/instances", { environment: "tomo" })).body;
    await sync({ experiments: [experiment("18342", ["bob"])] });
    await owner()`update instances set state = 'stopped', desired = 'stopped' where id = ${id as string}`;
    expect(await ada.call("POST", `/api/instances/${String(id)}/restart`)).toMatchObject({
      status: 409,
      body: { code: "no_longer_open", detail: expect.stringContaining("18342") },
    });
    await sync(batch);
    expect(await ada.call("POST", `/api/instances/${String(id)}/restart`)).toMatchObject({
      status: 202,
    });
    const refused = await owner()`select actor_name, subject_id, detail from audit
      where action = 'instance.start' and outcome = 'refused' order by id`;
    expect(refused).toEqual([
      {
        actor_name: "ada",
        subject_id: "tomo",
        detail: { reason: "not_a_member", experiment: "17999" },
      },
      { actor_name: "bob", subject_id: "tomo", detail: { reason: "experiment_needed" } },
    ]);
  });
});
