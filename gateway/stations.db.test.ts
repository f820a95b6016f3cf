import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { admitIdentity } from "../db/providers.ts";
import { endAtStations } from "../db/station-endings.ts";
import { openStationSite, type StationSite } from "./stations-testing.ts";
import { testPassword, type Browser, type TestGateway } from "./testing.ts";

let site: StationSite;
let gateway: TestGateway;
let admin: Browser;
let staff: Browser;

const sql = () => gateway.database.owner.sql;
const stations = () => `/api/admin/beamlines/${site.beamline}/stations`;

beforeAll(async () => {
  site = await openStationSite(inject("postgresUrl"));
  ({ gateway, admin, staff } = site);
});
afterAll(() => gateway.stop());
beforeEach(() => site.reset());

const experiment: StationSite["experiment"] = (...it) => site.experiment(...it);
const end = (code: string) => site.end(code);
const addStation = (by = staff) => site.addStation(by);
const enrolled = () => site.enrolled();
const addBeamline = (code: string, people: string[]) => site.addBeamline(code, people);
const placer = () => endAtStations(gateway.database.as("placer", { max: 1 }).db);

const slugs = async (browser: Browser) =>
  (await browser.call("GET", "/api/environments")).body.items.map((it) => it["slug"]);
const listed = async (browser: Browser) =>
  (await browser.call("GET", "/api/instances")).body.items.map((it) => it["id"]);
const start = (browser: Browser, body: object) => browser.call("POST", "/api/instances", body);
const startOwn = (browser: Browser, body: object) =>
  browser.call("POST", "/api/station/starts", { password: testPassword, ...body });
const stateOf = async (id: unknown) => {
  const [row] = await sql()`select state, desired, reason_code, station_id is not null as there
    from instances where id = ${String(id)}`;
  return row;
};
const setState = (id: unknown, state: string) =>
  sql()`update instances set state = ${state} where id = ${String(id)}`;

describe("enrolling a station", () => {
  it("takes a code once, whose hash alone is kept, and signs the browser in as the station", async () => {
    const { id, code, name } = await addStation();
    expect(
      JSON.stringify(
        await sql()`select encode(code_hash, 'escape') as a, to_jsonb(s)::text as b, code_hash::text as c
          from stations s where id = ${id}`,
      ),
    ).not.toMatch(
      new RegExp(`${code.replace("-", "")}|${Buffer.from(code.replace("-", "")).toString("hex")}`),
    );
    const browser = gateway.browser();
    const answer = await browser.fetch("POST", "/api/stations/enrol", {
      code: ` ${code.toLowerCase().replace("-", "")} `,
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      name,
      beamline: { code: "IMBL" },
      experiments: [],
      next: null,
    });
    expect(answer.headers.get("set-cookie")).toMatch(
      /Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax/,
    );
    expect((await browser.call("GET", "/api/me")).body).toMatchObject({
      username: expect.stringMatching(/^station-imbl-\d+$/),
      displayName: `IMBL · ${name}`,
      roles: ["station"],
      email: null,
    });
    expect(await gateway.browser().call("POST", "/api/stations/enrol", { code })).toMatchObject({
      status: 401,
      body: { code: "wrong_code" },
    });
    const { body } = await staff.call("GET", stations());
    expect(body.items.find((it) => it["id"] === id)).toMatchObject({
      enrolledAt: expect.any(String),
      lastSeenAt: expect.any(String),
      codeExpiresAt: null,
    });
    const rows = await sql()`select action, outcome, actor_name, detail from audit
      where subject_kind = 'station' and (subject_id = ${id} or outcome = 'refused') order by id`;
    expect(rows.map((it) => [it["action"], it["outcome"]])).toEqual([
      ["station.create", "allowed"],
      ["station.enrol", "allowed"],
      ["station.enrol", "refused"],
    ]);
  });

  it("of several at once lets one in", async () => {
    const { code } = await addStation();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        gateway.browser().call("POST", "/api/stations/enrol", { code }),
      ),
    );
    expect(answers.map((it) => it.status).sort()).toEqual([200, 401, 401, 401, 401, 401]);
  });

  it("refuses a code that is over, wrong, or of a revoked station", async () => {
    const over = await addStation();
    await sql()`update stations set code_expires_at = now() where id = ${over.id}`;
    const revoked = await addStation();
    await staff.call("DELETE", `${stations()}/${revoked.id}`);
    for (const code of [over.code, revoked.code, "7KQ2-M4XD", "nonsense"])
      expect((await gateway.browser().call("POST", "/api/stations/enrol", { code })).status).toBe(
        401,
      );
  });

  it("makes an address that guesses wait, and the right code with it", async () => {
    const { code } = await addStation();
    const guess = (it: string) =>
      gateway.browser().call("POST", "/api/stations/enrol", { code: it });
    for (let n = 0; n < 8; n++) expect((await guess("7KQ2-M4XD")).status).toBe(401);
    const refused = await guess(code);
    expect(refused).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    await sql()`update sign_in_failures set blocked_until = now()`;
    expect((await guess(code)).status).toBe(200);
    expect(await sql()`select 1 from sign_in_failures where bucket like 'enrol:%'`).toEqual([]);
  });

  it("signs out whoever was signed in there, and the computer that was the station before", async () => {
    const { id, browser } = await enrolled();
    const { status, body } = await staff.call("POST", `${stations()}/${id}/codes`);
    expect(status).toBe(201);
    expect((await browser.call("GET", "/api/station")).status).toBe(200);
    const second = await gateway.signIn("ada");
    const { cookie } = second;
    expect((await second.call("POST", "/api/stations/enrol", { code: body["code"] })).status).toBe(
      200,
    );
    expect((await browser.call("GET", "/api/station")).status).toBe(401);
    expect((await second.call("GET", "/api/station")).status).toBe(200);
    second.cookie = cookie;
    expect((await second.call("GET", "/api/me")).status).toBe(401);
  });

  it("ends with a revocation, at once and for good", async () => {
    const { id, browser, username } = await enrolled();
    expect((await staff.call("DELETE", `${stations()}/${id}`)).status).toBe(204);
    expect((await browser.call("GET", "/api/me")).status).toBe(401);
    expect((await staff.call("DELETE", `${stations()}/${id}`)).status).toBe(404);
    expect((await staff.call("POST", `${stations()}/${id}/codes`)).status).toBe(404);
    const login = { username, password: testPassword };
    expect((await gateway.browser().call("POST", "/api/auth/login", login)).status).toBe(401);
  });

  it("is for those who look after the beamline", async () => {
    await gateway.addUser("other-keeper", ["staff", "user"]);
    const other = await gateway.signIn("other-keeper");
    const { id } = await addStation(admin);
    for (const [method, path, body] of [
      ["GET", stations(), undefined],
      ["POST", stations(), { name: "mine" }],
      ["PATCH", stations(), { ending: "owner" }],
      ["POST", `${stations()}/${id}/codes`, {}],
      ["DELETE", `${stations()}/${id}`, undefined],
    ] as const)
      expect([method, path, (await other.call(method, path, body)).status]).toEqual([
        method,
        path,
        404,
      ]);
    // Nor through a beamline of their own.
    const own = await addBeamline("SAXS", ["other-keeper"]);
    for (const method of ["DELETE", "POST"] as const) {
      const path = `/api/admin/beamlines/${own}/stations/${id}${method === "POST" ? "/codes" : ""}`;
      expect((await other.call(method, path)).status).toBe(404);
    }
    expect(
      (await admin.call("DELETE", `/api/admin/beamlines/${site.beamline}`)).body,
    ).toMatchObject({
      code: "beamline_in_use",
    });
    const name = (await addStation()).name.toUpperCase();
    expect((await staff.call("POST", stations(), { name })).body["code"]).toBe("name_taken");
  });
});

describe("a station's account", () => {
  it("is in no list of people, and can be made nobody", async () => {
    const { username, browser } = await enrolled();
    const { body: me } = await browser.call("GET", "/api/me");
    const listing = await admin.call("GET", `/api/admin/users?search=${username}`);
    expect(listing.body.items).toEqual([]);
    const path = `/api/admin/users/${String(me["id"])}`;
    expect((await admin.call("GET", path)).status).toBe(404);
    expect((await admin.call("PATCH", path, { roles: ["admin"] })).status).toBe(404);
    expect((await admin.call("PATCH", path, { password: testPassword })).status).toBe(404);
    expect((await admin.call("POST", `${path}/logout`)).status).toBe(404);
    expect((await browser.call("GET", "/api/me")).status).toBe(200);
    const group = { name: "people", members: [username] };
    expect((await admin.call("POST", "/api/admin/groups", group)).status).toBe(400);
    const batch = { beamlines: [], people: [{ username, displayName: "x" }], experiments: [] };
    expect((await admin.call("POST", "/api/admin/experiments/sync", batch)).body).toMatchObject({
      errors: [{ path: "people.0.username" }],
    });
    for (const [kind, csv, code] of [
      ["people", `username,displayName\n${username},x`, "username_taken"],
      ["members", `experiment,username\nMX-0,${username}`, "unknown_person"],
    ] as const) {
      await experiment("MX-0", { at: "MX2" });
      const answer = await admin.call("POST", `/api/admin/import/${kind}`, csv, {
        "content-type": "text/csv",
      });
      expect(JSON.stringify(answer.body)).toContain(code);
      await sql()`delete from experiments`;
    }
    const { db } = gateway.database.owner;
    const [provider] = await sql()<{ id: string }[]>`
      insert into providers (slug, name, issuer, client_id, vouches)
      values ('facility', 'Facility', 'https://id.example', 'asci', true) returning id`;
    const vouched = {
      provider: { id: provider?.id ?? "", vouches: true },
      subject: "1",
      username,
      displayName: null,
      email: null,
      given: {},
    };
    expect(await admitIdentity(db, vouched)).toEqual({ fault: "username_taken" });
    await sql()`delete from providers`;
    for (const statement of [
      `insert into group_members (group_id, user_id) select g.id, u.id from groups g, users u where u.username = '${username}'`,
      `update users set password_hash = 'x' where username = '${username}'`,
      `update users set roles = '{station,admin}' where username = '${username}'`,
    ]) {
      await sql()`insert into groups (name) values ('some') on conflict do nothing`;
      await expect(sql().unsafe(statement)).rejects.toMatchObject({ code: "23514" });
    }
  });

  it("keeps its cookie from those who would sign in with it", async () => {
    const { browser } = await enrolled();
    const login = { username: "ada", password: testPassword };
    expect(await browser.call("POST", "/api/auth/login", login)).toMatchObject({
      status: 409,
      body: { code: "at_a_station" },
    });
    await sql()`insert into providers (slug, name, issuer, client_id)
      values ('here', 'Here', 'https://id.example', 'asci')`;
    const begun = await browser.fetch("GET", "/auth/oidc/here/start");
    await begun.body?.cancel();
    expect(new URL(begun.url).pathname).toBe("/");
    await sql()`delete from providers`;
    expect((await browser.call("GET", "/api/station")).status).toBe(200);
  });
});

describe("what a station offers", () => {
  it("is what is open to the experiments that run there now, and nothing without one", async () => {
    const { browser } = await enrolled();
    expect(await slugs(browser)).toEqual([]);
    expect((await start(browser, { environment: "all" })).status).toBe(404);
    await experiment("18342", { opens: ["lungs"] });
    await experiment("17000", { begun: 99, hours: -1, opens: ["closed"] });
    await experiment("19000", { begun: -5, opens: ["closed"] });
    await experiment("MX-1", { at: "MX2", opens: ["closed"] });
    expect(await slugs(browser)).toEqual(["all", "imbl", "lungs"]);
    const { body } = await browser.call("GET", "/api/station");
    expect(body).toMatchObject({ experiments: [{ code: "18342" }], next: { code: "19000" } });
    const { body: made, status } = await start(browser, { environment: "all" });
    expect([status, made["experiment"], made["owner"]]).toEqual([
      202,
      "18342",
      (await browser.call("GET", "/api/me")).body["username"],
    ]);
    expect(made["expiresAt"]).not.toBeNull();
    for (const code of ["17000", "19000", "MX-1"])
      expect((await start(browser, { environment: "all", experiment: code })).status).toBe(404);
    expect((await start(browser, { environment: "adas" })).status).toBe(404);
  });

  it("names the experiment where several run", async () => {
    const { browser } = await enrolled();
    await experiment("18342", { begun: 3 });
    await experiment("18343");
    const { body } = await browser.call("GET", "/api/environments");
    expect(body.items[0]).toMatchObject({ experiments: ["18343", "18342"], needsExperiment: true });
    expect((await start(browser, { environment: "all" })).body["code"]).toBe("experiment_needed");
    expect((await start(browser, { environment: "all", experiment: "18342" })).status).toBe(202);
  });

  it("is not what others have, and a station sees only what was started on it", async () => {
    await experiment("18342", { members: ["ada"] });
    const [one, two] = [await enrolled(), await enrolled()];
    const ada = await gateway.signIn("ada");
    const own = String((await start(ada, { environment: "all", experiment: "18342" })).body["id"]);
    const there = String((await start(two.browser, { environment: "all" })).body["id"]);
    for (const id of [own, there]) {
      expect((await one.browser.call("GET", `/api/instances/${id}`)).status).toBe(404);
      expect((await one.browser.call("POST", `/api/instances/${id}/stop`)).status).toBe(404);
      const ticket = await one.browser.call("POST", `/api/instances/${id}/tickets`, {
        permission: "view",
      });
      expect(ticket.status).toBe(404);
    }
    expect(await listed(one.browser)).toEqual([]);
    expect(await listed(two.browser)).toEqual([there]);
    expect(await listed(ada)).toEqual([own]);
  });
});

describe("people on a station", () => {
  it("start with their own home by their password, and are not signed in by it", async () => {
    await experiment("18342", { members: ["ada"] });
    const { browser, username } = await enrolled();
    const before = browser.cookie;
    const { status, body } = await startOwn(browser, { username: " Ada", environment: "all" });
    expect([status, body["owner"], body["experiment"]]).toEqual([202, "ada", "18342"]);
    expect(browser.cookie).toBe(before);
    const ada = await gateway.signIn("ada");
    expect(await listed(ada)).toEqual([body["id"]]);
    expect(await listed(browser)).toEqual([body["id"]]);
    expect((await ada.call("GET", `/api/instances/${String(body["id"])}`)).body["station"]).toMatch(
      /^Hutch/,
    );
    const rows =
      await sql()`select actor_name, action, detail, sign_in_id is not null as by from audit
      where detail ? 'station' and actor_name = 'ada' order by id desc limit 2`;
    expect(rows).toMatchObject([
      { action: "instance.start", by: true },
      { action: "sign_in", detail: { station: username } },
    ]);
  });

  it("are members of what runs there, or look after the beamline", async () => {
    await experiment("18342", { members: ["ada"] });
    await experiment("17000", { begun: 99, hours: -1, members: ["bob"] });
    const { browser } = await enrolled();
    const as = async (username: string, more = {}) => {
      const { status, body } = await startOwn(browser, { username, environment: "imbl", ...more });
      return [status, body["code"] ?? body["experiment"]];
    };
    expect(await as("bob")).toEqual([404, "unknown_experiment"]);
    expect(await as("bob", { environment: "all" })).toEqual([404, "unknown_experiment"]);
    expect(await as("bob", { environment: "all", experiment: "17000" })).toEqual([
      409,
      "not_running_here",
    ]);
    expect(await as("keeper")).toEqual([202, "18342"]);
    expect(await as("ada", { environment: "adas" })).toEqual([202, "18342"]);
    await end("18342");
    expect(await as("keeper", { environment: "all" })).toEqual([409, "not_running_here"]);
  });

  it("are held to the limits of signing in", async () => {
    await experiment("18342", { members: ["ada"] });
    const { browser, username } = await enrolled();
    const wrong = { username: "ada", password: "not this one", environment: "all" };
    for (let n = 0; n < 8; n++)
      expect(await startOwn(browser, wrong)).toMatchObject({
        status: 401,
        body: { code: "wrong_credentials" },
      });
    expect((await startOwn(browser, { username: "ada", environment: "all" })).status).toBe(429);
    const rows = await sql()`select distinct detail from audit
      where action = 'sign_in' and outcome = 'refused' and detail ->> 'station' = ${username}`;
    expect(rows.map((it) => it["detail"])).toContainEqual({
      reason: "wrong_password",
      station: username,
    });
    await sql()`delete from sign_in_failures`;
    await sql()`update users set disabled_at = now() where username = 'ada'`;
    expect((await startOwn(browser, { username: "ada", environment: "all" })).status).toBe(401);
    await sql()`update users set disabled_at = null where username = 'ada'`;
    expect((await startOwn(browser, { username: "watcher", environment: "all" })).status).toBe(403);
    expect((await startOwn(browser, { username, environment: "all" })).status).toBe(401);
    expect(await listed(browser)).toEqual([]);
  });

  it("are kept to themselves once they are disabled, or another computer is the station", async () => {
    await experiment("18342", { members: ["ada"] });
    const { id: stationId, browser } = await enrolled();
    const own = String(
      (await startOwn(browser, { username: "ada", environment: "all" })).body["id"],
    );
    expect(await listed(browser)).toHaveLength(1);
    await sql()`update users set disabled_at = now() where username = 'ada'`;
    expect(await listed(browser)).toEqual([]);
    expect(
      (await browser.call("POST", `/api/instances/${own}/tickets`, { permission: "view" })).status,
    ).toBe(404);
    await sql()`update users set disabled_at = null where username = 'ada'`;
    expect(await listed(browser)).toHaveLength(1);

    const { body } = await staff.call("POST", `${stations()}/${stationId}/codes`);
    const other = gateway.browser();
    const enrol = { code: body["code"] };
    expect((await other.call("POST", "/api/stations/enrol", enrol)).status).toBe(200);
    expect(await listed(other)).toEqual([]);
    const ada = await gateway.signIn("ada");
    expect((await ada.call("GET", `/api/instances/${own}`)).status).toBe(200);
  });

  it("can be stopped there, and started again by themselves alone, away from it", async () => {
    await experiment("18342", { members: ["ada"] });
    const { browser } = await enrolled();
    const id = String(
      (await startOwn(browser, { username: "ada", environment: "all" })).body["id"],
    );
    await setState(id, "running");
    expect((await browser.call("POST", `/api/instances/${id}/restart`)).status).toBe(404);
    const stopped = await browser.call("POST", `/api/instances/${id}/stop`);
    expect(stopped.body["reason"]).toMatchObject({ code: "stopped_at_station" });
    await setState(id, "stopped");
    expect((await browser.call("POST", `/api/instances/${id}/restart`)).status).toBe(404);
    const ada = await gateway.signIn("ada");
    expect((await ada.call("POST", `/api/instances/${id}/restart`)).status).toBe(202);
    expect(await listed(browser)).toEqual([]);
  });
});

describe("when the experiment ends", () => {
  async function both() {
    await experiment("18342", { members: ["ada"] });
    const { id, browser } = await enrolled();
    const shared = (await start(browser, { environment: "all" })).body["id"];
    const own = (await startOwn(browser, { username: "ada", environment: "all" })).body["id"];
    for (const it of [shared, own]) await setState(it, "running");
    expect(await placer()).toBe(0);
    return { id, browser, shared: String(shared), own: String(own) };
  }
  const ended = { state: "stopping", desired: "stopped", reason_code: "experiment_ended" };

  it("the station has nothing of it any more, before anything else has happened", async () => {
    const { browser, shared, own } = await both();
    await end("18342");
    expect(await listed(browser)).toEqual([]);
    expect(await slugs(browser)).toEqual([]);
    for (const id of [shared, own]) {
      const permission = "control";
      const ticket = await browser.call("POST", `/api/instances/${id}/tickets`, { permission });
      expect(ticket.status).toBe(404);
      expect((await browser.call("POST", `/api/instances/${id}/restart`)).status).toBe(404);
    }
  });

  it("all its desktops end, where the beamline wants it so", async () => {
    const { shared, own } = await both();
    await end("18342");
    expect(await placer()).toBe(2);
    expect(await stateOf(shared)).toMatchObject(ended);
    expect(await stateOf(own)).toMatchObject({ ...ended, there: false });
    expect(await placer()).toBe(0);
    const history = await sql()`select actor, from_state, to_state from instance_history
      where instance_id = ${own} and actor = 'judge'`;
    expect(history).toEqual([{ actor: "judge", from_state: "running", to_state: "stopping" }]);
  });

  it("those of people stay theirs, where the beamline wants it so", async () => {
    expect((await staff.call("PATCH", stations(), { ending: "owner" })).body["ending"]).toBe(
      "owner",
    );
    const { browser, shared, own } = await both();
    const ada = await gateway.signIn("ada");
    expect((await ada.call("GET", `/api/instances/${own}`)).body["expiresAt"]).toBeNull();
    await end("18342");
    await placer();
    expect(await stateOf(shared)).toMatchObject(ended);
    expect(await stateOf(own)).toMatchObject({
      state: "running",
      desired: "running",
      there: false,
    });
    await sql()`update experiments set ends_at = now() + interval '1 hour'`;
    expect(await listed(browser)).not.toContain(own);
    expect(await listed(ada)).toEqual([own]);
  });

  it("what waits, restarts or is out of reach ends too", async () => {
    await experiment("18342");
    const { browser } = await enrolled();
    const make = async () => String((await start(browser, { environment: "all" })).body["id"]);
    const [queued, restarting, lost] = [await make(), await make(), await make()];
    await sql()`update instances set state = 'stopping', wanted_incarnation = 2 where id = ${restarting}`;
    await setState(lost, "lost");
    await end("18342");
    expect(await placer()).toBe(3);
    for (const id of [queued, restarting, lost]) expect(await stateOf(id)).toMatchObject(ended);
  });

  it("or the station is revoked, people keep theirs and the station's own end", async () => {
    const { id, shared, own } = await both();
    await staff.call("DELETE", `${stations()}/${id}`);
    await placer();
    expect(await stateOf(shared)).toMatchObject({ ...ended, reason_code: "station_revoked" });
    expect(await stateOf(own)).toMatchObject({ state: "running", there: false });
  });

  it("tells the station and the owner in their event streams", async () => {
    const { browser, own } = await both();
    const response = await browser.fetch("GET", "/api/events");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let said = (await reader?.read())?.value ?? "";
    await end("18342");
    await placer();
    while (!said.includes(`event: gone\ndata: {"id":"${own}"}`)) {
      const part = await reader?.read();
      if (!part || part.done) break;
      said += part.value;
    }
    expect(said).toContain(`event: gone\ndata: {"id":"${own}"}`);
    expect(said).not.toContain("event: instance");
    await reader?.cancel();
  });
});
