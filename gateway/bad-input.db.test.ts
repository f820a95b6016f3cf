import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { seedCatalogue } from "../db/testing.ts";
import { startTestGateway, testPassword, type Browser, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
let slug: string;
let ada: Browser;
let root: Browser;
let instanceId: string;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("ada");
  await gateway.addUser("root", ["admin", "user"]);
  slug = `env-${(await seedCatalogue(gateway.database.owner.db)).username}`;
  ada = await gateway.signIn("ada");
  root = await gateway.signIn("root");
  const { body } = await ada.call("POST", "/api/instances", { environment: slug });
  instanceId = String(body["id"]);
});
afterAll(() => gateway.stop());

const problem = (status: number, code: string) => ({
  status,
  body: expect.objectContaining({
    type: `/problems/${code}`,
    title: expect.stringMatching(/./),
    status,
    code,
    detail: expect.stringMatching(/./),
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  }),
});
const faultAt = (path: string) => ({
  status: 400,
  body: expect.objectContaining({
    code: "validation",
    errors: expect.arrayContaining([{ path, message: expect.stringMatching(/./) }]),
  }),
});

/** Everything that a refused request might have changed. */
async function everything(): Promise<unknown> {
  const { sql } = gateway.database.owner;
  return sql`
    select (select jsonb_agg(to_jsonb(i) order by id) from instances i) as instances,
      (select jsonb_agg(to_jsonb(u) - 'last_sign_in_at' order by id) from users u) as users,
      (select jsonb_agg(to_jsonb(n) order by id) from nodes n) as nodes,
      (select count(*) from rules) as rules, (select count(*) from reservations) as reservations,
      (select count(*) from tickets) as tickets, (select count(*) from idempotency_keys) as keys`;
}

let before: unknown;
beforeEach(async () => {
  before = await everything();
});
const expectUnchanged = async () => expect(await everything()).toEqual(before);

/** What every call that takes a body must refuse. */
const bodies: [what: string, body: string, status: number, code: string][] = [
  ["half a document", '{"environment": "a', 400, "malformed"],
  ["a comma too many", '{"environment": "a",}', 400, "malformed"],
  ["nothing", "", 400, "malformed"],
  ["no object", "null", 400, "validation"],
  ["a list", "[]", 400, "validation"],
  ["a string", '"x"', 400, "validation"],
  ["half a million levels of lists", "[".repeat(500_000), 400, "malformed"],
  ["as many levels, closed", "[".repeat(500_000) + "]".repeat(500_000), 400, "validation"],
  [
    "100,000 levels of objects",
    `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    400,
    "validation",
  ],
  ["too much", `"${"x".repeat(1024 * 1024)}"`, 413, "too_large"],
];
const takers = () =>
  [
    [ada, "POST", "/api/auth/login"],
    [ada, "POST", "/api/instances"],
    [ada, "POST", `/api/instances/${instanceId}/tickets`],
    [root, "POST", "/api/admin/users"],
    [root, "PATCH", "/api/admin/users/00000000-0000-4000-8000-000000000000"],
    [root, "PATCH", "/api/admin/nodes/00000000-0000-4000-8000-000000000000"],
    [root, "POST", "/api/admin/rules"],
    [root, "PATCH", "/api/admin/rules/00000000-0000-4000-8000-000000000000"],
    [root, "POST", "/api/admin/rules/00000000-0000-4000-8000-000000000000/restore"],
    [root, "POST", "/api/admin/rules/order"],
    [root, "POST", "/api/admin/reservations"],
    [root, "PATCH", "/api/admin/reservations/00000000-0000-4000-8000-000000000000"],
  ] as const;

describe("every call with a body refuses, and changes nothing, for", () => {
  it.each(bodies)("%s", async (_what, body, status, code) => {
    for (const [browser, method, path] of takers()) {
      const answer = await browser.call(method, path, body);
      expect({ path, ...answer }).toMatchObject({ path, ...problem(status, code) });
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    }
    await expectUnchanged();
  });

  it.each([["text/plain"], ["application/x-www-form-urlencoded"], ["multipart/form-data"], [""]])(
    "JSON that says it is %j",
    async (type) => {
      for (const [browser, method, path] of takers()) {
        const answer = await browser.call(
          method,
          path,
          { environment: slug },
          { "content-type": type },
        );
        expect({ path, ...answer }).toMatchObject({ path, ...problem(415, "media_type") });
        expect(answer.body["detail"]).toContain("application/json");
      }
      await expectUnchanged();
    },
  );

  it("names each thing that is missing, and what is of another kind", async () => {
    const login = await ada.call("POST", "/api/auth/login", { username: 7 });
    expect(login.body["errors"]).toEqual([
      { path: "username", message: "must be of type string, not number" },
      { path: "password", message: "required" },
    ]);
    expect(login.body["detail"]).toBe("username: must be of type string, not number.");
  });

  it("more than is allowed, in pieces whose sum nobody announced", async () => {
    const { hostname, port } = new URL(gateway.origin);
    const headers = {
      origin: gateway.origin,
      cookie: ada.cookie ?? "",
      "content-type": "application/json",
    };
    const call = request({ hostname, port, path: "/api/instances", method: "POST", headers });
    call.on("error", () => {});
    const answered = new Promise<{ status: number | undefined; body: string }>((resolve) => {
      call.on(
        "response",
        (it) => void text(it).then((body) => resolve({ status: it.statusCode, body })),
      );
    });
    for (let n = 0; n < 20; n++) call.write(`{"name":"${"n".repeat(100_000)}`);
    const { status, body } = await answered;
    call.destroy();
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ code: "too_large" });
    await expectUnchanged();
  });
});

describe("text that cannot be stored, or not as it was sent", () => {
  const texts = [
    ["NUL", "a\u0000b"],
    ["an escape sequence", "a\u001b[31mb"],
    ["half of a pair of surrogates", "a\ud800b"],
    ["the other half", "a\udfffb"],
    ["a million characters", "n".repeat(1_000_000)],
  ] as const;

  it.each(texts)("%s", async (_what, value) => {
    const password = "a good password";
    const start = (body: object) => ada.call("POST", "/api/instances", body);
    expect(await start({ environment: slug, name: value })).toMatchObject(faultAt("name"));
    expect(await start({ environment: value })).toMatchObject(faultAt("environment"));
    expect(await start({ environment: slug, version: value })).toMatchObject(faultAt("version"));
    const add = (body: object) => root.call("POST", "/api/admin/users", body);
    const carol = { username: "carol", password, roles: ["user"] };
    expect(await add({ ...carol, username: value })).toMatchObject(faultAt("username"));
    expect(await add({ ...carol, displayName: value })).toMatchObject(faultAt("displayName"));
    expect(await add({ ...carol, email: `${value}@example.org` })).toMatchObject(faultAt("email"));
    const signIn = { username: value, password };
    expect(await gateway.browser().call("POST", "/api/auth/login", signIn)).toMatchObject(
      faultAt("username"),
    );
    await expectUnchanged();
  });

  it("a password that would be stored as another one", async () => {
    const body = { username: "carol", password: `${testPassword}\ud800`, roles: ["user"] };
    expect(await root.call("POST", "/api/admin/users", body)).toMatchObject(faultAt("password"));
    await expectUnchanged();
  });

  it("keeps what is only unusual", async () => {
    const name = "  Messung №7 🧪 — Ω ﷽ \u202e  ";
    const { status, body } = await ada.call("POST", "/api/instances", { environment: slug, name });
    expect([status, body["name"]]).toEqual([202, name.trim()]);
  });
});

describe("what nobody asked for", () => {
  it("in a body changes nothing but what may be chosen", async () => {
    const more = `"id":"${instanceId}","owner":"root","state":"running","node":{"id":"x"},"__proto__":{"admin":true}`;
    const body = `{"environment":"${slug}","name":"mine",${more}}`;
    const answer = await ada.call("POST", "/api/instances", body);
    expect(answer).toMatchObject({
      status: 202,
      body: { name: "mine", owner: "ada", state: "queued", node: null },
    });
    expect(answer.body["id"]).not.toBe(instanceId);
    const me = await root.call("GET", "/api/me");
    const patched = await root.call("PATCH", `/api/admin/users/${String(me.body["id"])}`, {
      uid: 0,
      username: "toor",
    });
    expect(patched).toMatchObject(problem(400, "validation"));
    expect(patched.body["detail"]).toContain("name at least one field");
  });
});

describe("pages of lists", () => {
  const lists = () =>
    [
      [ada, "/api/instances"],
      [root, "/api/admin/users"],
      [root, "/api/admin/nodes"],
      [root, "/api/admin/rules"],
      [root, "/api/admin/reservations"],
    ] as const;
  it.each(["0", "-1", "201", "1.5", "many", "", "1e9", "Infinity", "0x10000", "1&limit=2"])(
    "refuse the limit %j",
    async (limit) => {
      for (const [browser, path] of lists())
        expect(await browser.call("GET", `${path}?limit=${limit}`)).toMatchObject(faultAt("limit"));
    },
  );

  it.each(["x", "%00", "🧪", "a".repeat(401), "%E0%A4%A", "", btoa("%E0%A4%A"), btoa("%00")])(
    "refuse the cursor %j, or take it for a place among names",
    async (cursor) => {
      const query = `cursor=${cursor}`;
      expect(await ada.call("GET", `/api/instances?${query}`)).toMatchObject(faultAt("cursor"));
      for (const path of ["/api/admin/users", "/api/admin/nodes"])
        expect([200, 400]).toContain((await root.call("GET", `${path}?${query}`)).status);
    },
  );

  it("refuse another list's cursor, and an order that there is not", async () => {
    const elsewhere = encodeURIComponent(btoa("root"));
    expect(await ada.call("GET", `/api/instances?cursor=${elsewhere}`)).toMatchObject(
      faultAt("cursor"),
    );
    const users = "/api/admin/users";
    expect(await root.call("GET", `${users}?sort=password_hash`)).toMatchObject(faultAt("sort"));
  });

  it("are searched for the very characters that were typed", async () => {
    const search = (it: string) => root.call("GET", `/api/admin/users?search=${it}`);
    for (const it of ["%00", "s".repeat(201)])
      expect(await search(it)).toMatchObject(faultAt("search"));
    for (const it of ["%25", "_", "%5C", "'", "%ED%A0%80"])
      expect(await search(it)).toMatchObject({ status: 200, body: { items: [] } });
  });
});

describe("ids that are none", () => {
  it.each([
    "1",
    "null",
    "00000000-0000-4000-8000-00000000000",
    "00000000-0000-4000-8000-0000000000000",
    "{00000000-0000-4000-8000-000000000000}",
    "%00",
    "%E0%A4%A",
    "..%2f..%2fme",
    "a".repeat(5000),
  ])("name nothing: %j", async (id) => {
    const paths = [
      [ada, "GET", `/api/instances/${id}`],
      [ada, "POST", `/api/instances/${id}/stop`],
      [ada, "POST", `/api/instances/${id}/restart`],
      [ada, "POST", `/api/instances/${id}/tickets`, { permission: "control" }],
      [root, "GET", `/api/admin/users/${id}`],
      [root, "PATCH", `/api/admin/users/${id}`, { disabled: true }],
      [root, "GET", `/api/admin/nodes/${id}`],
      [root, "GET", `/api/admin/rules/${id}`],
      [root, "GET", `/api/admin/rules/${id}/versions`],
      [root, "GET", `/api/admin/reservations/${id}`],
      [root, "PATCH", `/api/admin/nodes/${id}`, { schedulable: false }],
    ] as const;
    for (const [browser, method, path, body] of paths)
      expect({ path, ...(await browser.call(method, path, body)) }).toMatchObject({
        path,
        ...problem(404, "not_found"),
      });
    await expectUnchanged();
  });

  it("an upper-case one is another one", async () => {
    const path = `/api/instances/${instanceId.toUpperCase()}`;
    expect(await ada.call("GET", path)).toMatchObject(problem(404, "not_found"));
    expect((await ada.call("GET", path.toLowerCase())).status).toBe(200);
  });
});

describe("keys that make repeating safe", () => {
  const start = (key: string, body: object = { environment: slug }) =>
    ada.call("POST", "/api/instances", body, { "idempotency-key": key });

  it.each(["", "two words", "k".repeat(201), "schlüssel"])("refuses %j", async (key) => {
    expect(await start(key)).toMatchObject(problem(400, "idempotency_key_malformed"));
    await expectUnchanged();
  });

  it("refuses one with another body, and leaves the first wish alone", async () => {
    const first = await start("once", { environment: slug, name: "first" });
    expect(first.status).toBe(202);
    before = await everything();
    for (const body of [{ environment: slug, name: "second" }, { environment: slug }])
      expect(await start("once", body)).toMatchObject(problem(409, "idempotency_key_reused"));
    await expectUnchanged();
  });

  it("makes one of two racing wishes with one key and two bodies", async () => {
    const answers = await Promise.all(
      ["left", "right"].map((name) => start("both", { environment: slug, name })),
    );
    expect(answers.map((it) => it.status).toSorted()).toEqual([202, 409]);
  });

  it("is one person's own", async () => {
    expect((await start("shared")).status).toBe(202);
    const other = await root.call(
      "POST",
      "/api/instances",
      { environment: slug, name: "not the same" },
      { "idempotency-key": "shared" },
    );
    expect(other.status).toBe(202);
  });
});

describe("a sign-in", () => {
  it("that has expired says so, and the pages lead to a new one", async () => {
    const browser = await gateway.signIn("ada");
    await gateway.database.owner.sql`
      update sign_ins set expires_at = now() where created_at = (select max(created_at) from sign_ins)`;
    for (const [method, path, body] of [
      ["GET", "/api/me"],
      ["GET", "/api/instances"],
      ["GET", "/api/events"],
      ["POST", "/api/instances", { environment: slug }],
      ["POST", `/api/instances/${instanceId}/stop`],
    ] as const)
      expect({ path, ...(await browser.call(method, path, body)) }).toMatchObject({
        path,
        ...problem(401, "signed_out"),
      });
    await expectUnchanged();
  });

  it.each(["", "x", `${"A".repeat(43)}`, `${"A".repeat(5000)}`, "'; drop table users; --", "%00"])(
    "is not opened by the cookie %j",
    async (value) => {
      const browser = gateway.browser();
      browser.cookie = `asci_session=${value}`;
      expect(await browser.call("GET", "/api/me")).toMatchObject(problem(401, "signed_out"));
    },
  );
});

describe("two tabs that ask for opposite things at once", () => {
  it("one wins, the other hears what the desktop does now", async () => {
    const { sql } = gateway.database.owner;
    for (let round = 0; round < 10; round++) {
      const { body } = await ada.call("POST", "/api/instances", { environment: slug });
      const id = String(body["id"]);
      await sql`update instances set state = 'running' where id = ${id}`;
      const actions = round % 2 === 0 ? ["stop", "restart"] : ["restart", "stop"];
      const answers = await Promise.all(
        actions.map(async (action) => ({
          action,
          ...(await ada.call("POST", `/api/instances/${id}/${action}`)),
        })),
      );
      const won = answers.filter((it) => it.status === 202);
      const lost = answers.filter((it) => it.status !== 202);
      expect([won.length, lost.length]).toEqual([1, 1]);
      expect(lost[0]).toMatchObject(problem(409, "state_forbids"));
      expect(lost[0]?.body["detail"]).toMatch(/^It is stopping .*so \w+ is not possible now\.$/);
      const desired = won[0]?.action === "stop" ? "stopped" : "running";
      expect(await ada.call("GET", `/api/instances/${id}`)).toMatchObject({
        body: { state: "stopping", desired },
      });
      const history = await sql`
        select from_state, to_state from instance_history where instance_id = ${id} order by id`;
      expect(history.slice(1)).toEqual([{ from_state: "running", to_state: "stopping" }]);
      const audit = await sql<{ action: string; outcome: string }[]>`
        select action, outcome from audit where subject_id = ${id} and action <> 'instance.start'`;
      expect(new Set(audit.map((it) => `${it.action} ${it.outcome}`))).toEqual(
        new Set([`instance.${won[0]?.action} allowed`, `instance.${lost[0]?.action} refused`]),
      );
    }
  });
});

describe("nothing of all this", () => {
  it("was a fault of ours", () => {
    expect(gateway.lines.filter((it) => it.level !== "info")).toEqual([]);
  });
});
