/** Somebody starts a desktop of their own on a station by agreeing to it on their phone. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { sweep } from "../db/placement.ts";
import { openStationSite, type StationSite } from "./stations-testing.ts";
import type { Browser, TestGateway } from "./testing.ts";

let site: StationSite;
let gateway: TestGateway;

const sql = () => gateway.database.owner.sql;

beforeAll(async () => {
  site = await openStationSite(inject("postgresUrl"));
  ({ gateway } = site);
  // As those are who come through a provider only.
  await gateway.addUser("eve");
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  await site.reset();
  await sql()`delete from approvals`;
});

interface Asked {
  readonly id: string;
  readonly code: string;
  readonly url: string;
  readonly expiresAt: string;
}
async function ask(station: Browser, body: object = {}): Promise<Asked> {
  const wish = { environment: "all", ...body };
  const answer = await station.call("POST", "/api/station/approvals", wish);
  expect(answer.status).toBe(201);
  return answer.body as unknown as Asked;
}
const look = (phone: Browser, code: string) => phone.call("POST", "/api/approvals/look", { code });
const confirm = (phone: Browser, code: string) =>
  phone.call("POST", "/api/approvals/confirm", { code });
const decline = (phone: Browser, code: string) =>
  phone.call("POST", "/api/approvals/decline", { code });
const stateOf = async (station: Browser, { id }: Asked) =>
  (await station.call("GET", `/api/station/approvals/${id}`)).body;
const started = async () => sql()`select id from instances`;
const wrong = { status: 404, body: { code: "wrong_code" } };

/** An experiment that runs, a station there, and a phone of one of its members. */
async function there() {
  await site.experiment("18342", { members: ["ada"] });
  const station = await site.enrolled();
  return { ...station, station: station.browser, phone: await gateway.signIn("ada") };
}

describe("a station asks", () => {
  it("for a code, of which a hash is kept, and which is not a station's own", async () => {
    const { station, phone } = await there();
    const asked = await ask(station);
    expect(asked.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(asked.url).toBe(`${gateway.origin}/add#${asked.code}`);
    const leftMs = Date.parse(asked.expiresAt) - Date.now();
    expect(leftMs).toBeGreaterThan(240_000);
    expect(leftMs).toBeLessThanOrEqual(301_000);
    const plain = asked.code.replace("-", "");
    const kept =
      await sql()`select to_jsonb(a)::text as it, encode(code_hash, 'escape') as hash from approvals a`;
    const hex = Buffer.from(plain).toString("hex");
    expect(JSON.stringify(kept)).not.toMatch(new RegExp(`${plain}|${hex}|${asked.code}`));
    expect(await stateOf(station, asked)).toEqual({
      id: asked.id,
      state: "open",
      instance: null,
      expiresAt: asked.expiresAt,
    });
    const enrol = { code: asked.code };
    expect((await gateway.browser().call("POST", "/api/stations/enrol", enrol)).status).toBe(401);
    const { code } = await site.addStation();
    expect(await look(phone, code)).toMatchObject(wrong);
  });

  it("for what it offers, and for nothing else", async () => {
    const { station } = await there();
    await site.experiment("17000", { begun: 99, hours: -1 });
    const asking = async (body: object) => {
      const answer = await station.call("POST", "/api/station/approvals", body);
      return [answer.status, answer.body["code"]];
    };
    expect(await asking({ environment: "adas" })).toEqual([404, "unknown_environment"]);
    expect(await asking({ environment: "all", version: "9" })).toEqual([404, "unknown_version"]);
    expect(await asking({ environment: "all", experiment: "17000" })).toEqual([
      404,
      "unknown_experiment",
    ]);
    await site.experiment("18343", { members: ["bob"] });
    expect(await asking({ environment: "all" })).toEqual([409, "experiment_needed"]);
    expect((await asking({ environment: "all", experiment: "18343" }))[0]).toBe(201);
    await site.end("18342");
    await site.end("18343");
    expect(await asking({ environment: "all" })).toEqual([404, "unknown_environment"]);
    const rows = await sql()`select distinct detail ->> 'reason' as reason from audit
      where action = 'approval.ask' and outcome = 'refused' order by 1`;
    expect(rows.map((it) => it["reason"])).toEqual([
      "experiment_needed",
      "not_a_member",
      "not_entitled",
      "unknown_version",
    ]);
  });

  it("so often and no more", async () => {
    const { station } = await there();
    const [account] =
      await sql()`select user_id as id from stations order by created_at desc limit 1`;
    await sql()`insert into sign_in_failures (bucket, failures) values (${`approval-ask:${String(account?.["id"])}`}, 59)`;
    await ask(station);
    const limited = await station.call("POST", "/api/station/approvals", { environment: "all" });
    expect(limited).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("and nobody else hears what came of it", async () => {
    const { station } = await there();
    const asked = await ask(station);
    const other = await site.enrolled();
    for (const method of ["GET", "DELETE"])
      expect((await other.browser.call(method, `/api/station/approvals/${asked.id}`)).status).toBe(
        404,
      );
    expect(await stateOf(station, asked)).toMatchObject({ state: "open" });
  });
});

describe("a person on their phone", () => {
  it("reads what they agree to, and starts it with their home", async () => {
    const { station, phone, name, username } = await there();
    await sql()`update experiments set title = 'Lungs at rest'`;
    const screen = { width: 1440, height: 900 };
    const asked = await ask(station, { screen, name: "My lungs" });
    const seen = await look(phone, ` ${asked.code.toLowerCase().replace("-", " ")} `);
    expect(seen).toMatchObject({
      status: 200,
      body: {
        station: { name },
        beamline: { code: "IMBL", name: "IMBL" },
        ending: "end",
        environment: { slug: "all", name: "All" },
        version: "1",
        experiment: { code: "18342", title: "Lungs at rest" },
        refusal: null,
        started: null,
      },
    });
    expect(await started()).toEqual([]);
    const { status, body } = await confirm(phone, asked.code);
    expect([status, body["owner"], body["experiment"], body["station"], body["name"]]).toEqual([
      202,
      "ada",
      "18342",
      name,
      "My lungs",
    ]);
    expect(await sql()`select geometry from instances`).toEqual([{ geometry: "1440x900" }]);
    expect(await stateOf(station, asked)).toMatchObject({
      state: "confirmed",
      instance: body["id"],
    });
    const { body: list } = await station.call("GET", "/api/instances");
    expect(list.items.map((it) => it["id"])).toEqual([body["id"]]);
    const rows =
      await sql()`select actor_name, action, outcome, detail, sign_in_id is not null as by
      from audit where detail ->> 'approval' = ${asked.id} or subject_id = ${asked.id} order by id`;
    expect(rows).toMatchObject([
      { actor_name: username, action: "approval.ask", outcome: "allowed" },
      {
        actor_name: "ada",
        action: "instance.start",
        outcome: "allowed",
        by: true,
        detail: { station: name, approval: asked.id, via: "everyone" },
      },
    ]);
  });

  it("declines, which the station is told and the code does not survive", async () => {
    const { station, phone, name } = await there();
    const asked = await ask(station);
    expect((await decline(phone, asked.code)).status).toBe(204);
    expect(await stateOf(station, asked)).toMatchObject({ state: "declined", instance: null });
    expect(await confirm(phone, asked.code)).toMatchObject(wrong);
    expect(await decline(phone, asked.code)).toMatchObject(wrong);
    expect(await started()).toEqual([]);
    const rows = await sql()`select actor_name, outcome, detail from audit
      where action = 'approval.decline' order by id`;
    expect(rows).toEqual([
      { actor_name: "ada", outcome: "allowed", detail: { station: name } },
      { actor_name: "ada", outcome: "refused", detail: { reason: "wrong_code" } },
    ]);
  });

  it("who does not take part reads why not, and starts nothing", async () => {
    const { station, name } = await there();
    const asked = await ask(station);
    const bob = await gateway.signIn("bob");
    expect((await look(bob, asked.code)).body["refusal"]).toMatchObject({
      code: "unknown_experiment",
    });
    expect(await confirm(bob, asked.code)).toMatchObject({
      status: 404,
      body: { code: "unknown_experiment" },
    });
    expect(await started()).toEqual([]);
    const rows = await sql()`select actor_name, detail from audit
      where action = 'instance.start' and outcome = 'refused' and detail ? 'approval'`;
    expect(rows).toMatchObject([
      { actor_name: "bob", detail: { station: name, reason: "not_a_member", approval: asked.id } },
    ]);
    // It is still open to who does, and to who looks after the beamline.
    const keeper = await gateway.signIn("keeper");
    expect((await look(keeper, asked.code)).body["refusal"]).toBeNull();
    expect((await confirm(keeper, asked.code)).body["owner"]).toBe("keeper");
  });

  it("who takes part, but is not entitled to it, starts nothing either", async () => {
    const { station, phone } = await there();
    const asked = await ask(station, { environment: "imbl" });
    await sql()`update environments set enabled = false where slug = 'imbl'`;
    expect((await confirm(phone, asked.code)).body["code"]).toBe("unknown_environment");
    await sql()`update environments set enabled = true where slug = 'imbl'`;
    expect((await confirm(phone, asked.code)).status).toBe(202);
  });

  it("who does not work in desktops, or is a station, or a token, cannot", async () => {
    const { station, phone } = await there();
    const asked = await ask(station);
    const watcher = await gateway.signIn("watcher");
    for (const act of [look, confirm, decline])
      for (const who of [watcher, station])
        expect(await act(who, asked.code)).toMatchObject({
          status: 403,
          body: { code: "role_missing" },
        });
    const wish = { name: "script", scopes: ["read", "desktops"] };
    const { body } = await phone.call("POST", "/api/tokens", wish);
    const headers = { authorization: `Bearer ${String(body["token"])}` };
    const script = gateway.browser();
    for (const act of ["look", "confirm", "decline"])
      expect(
        await script.call("POST", `/api/approvals/${act}`, { code: asked.code }, headers),
      ).toMatchObject({ status: 403, body: { code: "token_not_allowed" } });
    expect(await stateOf(station, asked)).toMatchObject({ state: "open" });
  });
});

describe("a code", () => {
  it("makes one desktop, also where two phones race", async () => {
    const { station } = await there();
    await sql()`insert into members (experiment_id, user_id)
      select x.id, u.id from experiments x, users u where u.username in ('bob', 'eve')`;
    const asked = await ask(station);
    const phones = await Promise.all(
      ["ada", "bob", "eve", "ada", "bob", "eve"].map((it) => gateway.signIn(it)),
    );
    const answers = await Promise.all(phones.map((it) => confirm(it, asked.code)));
    const won = answers.filter((it) => it.status === 202);
    const [winner] = won;
    // Both phones of whoever was first, and nobody else's.
    expect(won.map((it) => it.body["id"])).toEqual([winner?.body["id"], winner?.body["id"]]);
    expect(answers.filter((it) => it.status !== 202)).toMatchObject([wrong, wrong, wrong, wrong]);
    expect(await started()).toHaveLength(1);
    expect(await stateOf(station, asked)).toMatchObject({ instance: winner?.body["id"] });
    const rows = await sql()`select outcome, count(*)::int from audit
      where action in ('instance.start', 'approval.confirm')
        and (detail ->> 'approval' = ${asked.id} or detail ->> 'reason' = 'wrong_code')
        and at > (select created_at from approvals where id = ${asked.id})
      group by 1 order by 1`;
    expect(rows).toEqual([
      { outcome: "allowed", count: 1 },
      { outcome: "refused", count: 4 },
    ]);
  });

  it("confirmed again by the same person answers with the same desktop, and to others is used", async () => {
    const { station, phone } = await there();
    const asked = await ask(station);
    const first = await confirm(phone, asked.code);
    const again = await confirm(phone, asked.code);
    expect([again.status, again.body["id"]]).toEqual([202, first.body["id"]]);
    expect((await look(phone, asked.code)).body["started"]).toBe(first.body["id"]);
    expect(await decline(phone, asked.code)).toMatchObject(wrong);
    const keeper = await gateway.signIn("keeper");
    for (const act of [look, confirm, decline])
      expect(await act(keeper, asked.code)).toMatchObject(wrong);
    expect(await started()).toHaveLength(1);
  });

  it.each<[string, (it: { station: Browser; asked: Asked; id: string }) => Promise<unknown>]>([
    ["is over", () => sql()`update approvals set expires_at = now()`],
    [
      "was withdrawn",
      ({ station, asked }) => station.call("DELETE", `/api/station/approvals/${asked.id}`),
    ],
    ["was followed by another", ({ station }) => ask(station)],
    [
      "is of a station that was revoked",
      ({ id }) => site.staff.call("DELETE", `/api/admin/beamlines/${site.beamline}/stations/${id}`),
    ],
    [
      "is of a computer that is the station no more",
      async ({ id }) => {
        const path = `/api/admin/beamlines/${site.beamline}/stations/${id}/codes`;
        const { body } = await site.staff.call("POST", path);
        const enrol = { code: body["code"] };
        return gateway.browser().call("POST", "/api/stations/enrol", enrol);
      },
    ],
  ])("that %s answers as a wrong one", async (_, spoil) => {
    const { station, phone, id } = await there();
    const asked = await ask(station);
    expect((await look(phone, asked.code)).status).toBe(200);
    await spoil({ station, asked, id });
    const answers = await Promise.all([
      look(phone, asked.code),
      confirm(phone, asked.code),
      decline(phone, asked.code),
      look(phone, "7KQ2-M4XD"),
      look(phone, "nonsense"),
    ]);
    const told = answers.map(({ status, body: { requestId: _id, ...body } }) => ({ status, body }));
    expect(new Set(told.map((it) => JSON.stringify(it))).size).toBe(1);
    expect(told[0]).toMatchObject(wrong);
    const state = await stateOf(station, asked);
    expect(["over", undefined]).toContain(state["state"]);
    expect(await started()).toEqual([]);
  });

  it("starts nothing any more once the experiment has ended", async () => {
    const { station, phone } = await there();
    const asked = await ask(station);
    await site.end("18342");
    expect((await look(phone, asked.code)).body["refusal"]).toMatchObject({
      code: "not_running_here",
    });
    expect(await confirm(phone, asked.code)).toMatchObject({
      status: 409,
      body: { code: "not_running_here" },
    });
    expect(await started()).toEqual([]);
  });

  it("that is guessed makes whoever guesses wait, and the right one with it", async () => {
    const { station, phone } = await there();
    const asked = await ask(station);
    for (let n = 0; n < 8; n++)
      expect(await [look, confirm, decline][n % 3]?.(phone, "7KQ2-M4XD")).toMatchObject(wrong);
    const refused = await confirm(phone, asked.code);
    expect(refused).toMatchObject({ status: 429, body: { code: "too_many_attempts" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    // Nobody else does, though they share the address.
    const keeper = await gateway.signIn("keeper");
    expect((await look(keeper, asked.code)).status).toBe(200);
    await sql()`update sign_in_failures set blocked_until = now()`;
    expect((await confirm(phone, asked.code)).status).toBe(202);
    expect(await sql()`select 1 from sign_in_failures where bucket like 'approval:%'`).toEqual([]);
    const rows =
      await sql()`select actor_name, detail ->> 'reason' as reason, count(*)::int from audit
      where action like 'approval.%' and outcome = 'refused' and at > (select min(created_at) from approvals)
      group by 1, 2 order by 2`;
    expect(rows).toEqual([
      { actor_name: "ada", reason: "too_many_attempts", count: 1 },
      { actor_name: "ada", reason: "wrong_code", count: 8 },
    ]);
  });

  it("is forgotten some time after its end", async () => {
    const { station } = await there();
    const asked = await ask(station);
    const { db } = gateway.database.as("placer", { max: 1 });
    await sweep(db);
    expect(await stateOf(station, asked)).toMatchObject({ state: "open" });
    await sql()`update approvals set expires_at = now() - interval '61 minutes'`;
    await sweep(db);
    expect(await sql()`select 1 from approvals`).toEqual([]);
  });
});
