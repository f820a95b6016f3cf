import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { seedCatalogue } from "../db/testing.ts";
import { Browser, startTestGateway, testPassword, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
let slug: string;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("ada");
  await gateway.addUser("bob");
  await gateway.addUser("root", ["admin", "user"]);
  slug = `env-${(await seedCatalogue(gateway.database.owner.db)).username}`;
});
afterAll(() => gateway.stop());

const problem = (status: number, code: string) => ({
  status,
  body: expect.objectContaining({
    status,
    code,
    detail: expect.any(String),
    requestId: expect.any(String),
  }),
});

describe("signing in", () => {
  it("sets a cookie that says who one is, and is dead after signing out", async () => {
    const browser = gateway.browser();
    const answer = await browser.call("POST", "/api/auth/login", {
      username: "ada",
      password: testPassword,
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { user: { username: "ada", roles: ["user"] } },
    });
    const cookie = answer.headers.get("set-cookie");
    expect(cookie).toMatch(/^asci_session=[\w-]{43}; .*HttpOnly; SameSite=Lax$/);
    expect(await browser.call("GET", "/api/me")).toMatchObject({
      status: 200,
      body: { username: "ada" },
    });
    const before = browser.cookie;
    expect((await browser.call("POST", "/api/auth/logout")).status).toBe(204);
    browser.cookie = before;
    expect(await browser.call("GET", "/api/me")).toMatchObject(problem(401, "signed_out"));
  });

  it("stores only the cookie's hash", async () => {
    const browser = await gateway.signIn("ada");
    const token = browser.cookie?.split("=")[1] ?? "";
    const rows = await gateway.database.owner.sql`select token_hash from sign_ins`;
    const stored = rows.map((it) => Buffer.from(it["token_hash"] as Uint8Array).toString("latin1"));
    expect(stored.some((it) => it.includes(token))).toBe(false);
  });

  it("answers alike for a wrong name and a wrong password", async () => {
    const browser = gateway.browser();
    const wrongName = await browser.call("POST", "/api/auth/login", {
      username: "nobody-here",
      password: "x",
    });
    const wrongPassword = await browser.call("POST", "/api/auth/login", {
      username: "bob",
      password: "x",
    });
    for (const answer of [wrongName, wrongPassword])
      expect(answer).toMatchObject(problem(401, "wrong_credentials"));
    expect(wrongName.body["detail"]).toBe(wrongPassword.body["detail"]);
  });

  it("makes a guesser wait and says how long", async () => {
    await gateway.addUser("guessed");
    const browser = gateway.browser();
    const attempt = () =>
      browser.call("POST", "/api/auth/login", { username: "guessed", password: "wrong" });
    let answer = await attempt();
    for (let n = 0; n < 20 && answer.status === 401; n++) answer = await attempt();
    expect(answer).toMatchObject(problem(429, "too_many_attempts"));
    // Many at once slip by no more than one after the other.
    await gateway.database.owner.sql`delete from sign_in_failures`;
    const burst = await Promise.all(Array.from({ length: 40 }, attempt));
    expect(burst.filter((it) => it.status === 401).length).toBeLessThan(16);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    const right = await browser.call("POST", "/api/auth/login", {
      username: "guessed",
      password: testPassword,
    });
    expect(right.status).toBe(429);
    await gateway.database.owner.sql`delete from sign_in_failures`;
  });

  it("refuses what another site's page sends, sign-in included", async () => {
    const browser = gateway.browser();
    const body = { username: "ada", password: testPassword };
    expect(
      await browser.call("POST", "/api/auth/login", body, { origin: "https://elsewhere.example" }),
    ).toMatchObject(problem(403, "origin_foreign"));
    const bare = await fetch(`${gateway.origin}/api/auth/login`, { method: "POST", body: "{}" });
    expect(await bare.json()).toMatchObject({ status: 403, code: "origin_missing" });
  });

  it("keeps a disabled person out at once", async () => {
    const id = await gateway.addUser("leaver");
    const browser = await gateway.signIn("leaver");
    const admin = await gateway.signIn("root");
    expect((await admin.call("PATCH", `/api/admin/users/${id}`, { disabled: true })).status).toBe(
      200,
    );
    expect((await browser.call("GET", "/api/me")).status).toBe(401);
    expect(
      await browser.call("POST", "/api/auth/login", { username: "leaver", password: testPassword }),
    ).toMatchObject(problem(401, "wrong_credentials"));
  });

  it("writes no password, cookie or ticket into its log, where it fails either", async () => {
    const { sql } = gateway.database.owner;
    const ada = await gateway.signIn("ada");
    await sql`alter table sign_in_failures rename to away`;
    try {
      const typed = { username: "ada", password: "secret-word" };
      expect((await ada.call("POST", "/api/auth/login", typed)).status).toBe(500);
    } finally {
      await sql`alter table away rename to sign_in_failures`;
    }
    const told = () => gateway.lines.filter((it) => it.message === "request failed");
    await expect.poll(told).not.toEqual([]);
    expect(told().map((it) => it.fields["route"])).toContain("/api/auth/login");
    expect(JSON.stringify(gateway.lines)).not.toMatch(/secret-word|asci_session|eyJ/);
  });
});

describe("instances", () => {
  it("queues a start, shows it, and gives the same one for the same key", async () => {
    const ada = await gateway.signIn("ada");
    const key = { "idempotency-key": "one-click" };
    const first = await ada.call(
      "POST",
      "/api/instances",
      { environment: slug, name: "mine" },
      key,
    );
    expect(first).toMatchObject({
      status: 202,
      body: {
        environment: slug,
        name: "mine",
        owner: "ada",
        state: "queued",
        desired: "running",
        node: null,
        reason: null,
        queue: { position: expect.any(Number) },
        version: "1",
      },
    });
    const again = await ada.call(
      "POST",
      "/api/instances",
      { environment: slug, name: "mine" },
      key,
    );
    expect(again.body["id"]).toBe(first.body["id"]);
    expect(
      await ada.call("POST", "/api/instances", { environment: slug, name: "other" }, key),
    ).toMatchObject(problem(409, "idempotency_key_reused"));
    const listed = await ada.call("GET", "/api/instances");
    expect(listed.body.items.map((it: { id: string }) => it.id)).toContain(first.body["id"]);
  });

  it("makes one instance of racing requests with one key", async () => {
    const ada = await gateway.signIn("ada");
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        ada.call("POST", "/api/instances", { environment: slug }, { "idempotency-key": "race" }),
      ),
    );
    expect(answers.map((it) => it.status)).toEqual(Array.from({ length: 8 }, () => 202));
    expect(new Set(answers.map((it) => it.body["id"])).size).toBe(1);
  });

  it("hides other people's instances", async () => {
    const ada = await gateway.signIn("ada");
    const bob = await gateway.signIn("bob");
    const { body } = await ada.call("POST", "/api/instances", { environment: slug });
    const path = `/api/instances/${String(body["id"])}`;
    expect((await bob.call("GET", path)).status).toBe(404);
    expect((await bob.call("POST", `${path}/stop`)).status).toBe(404);
    expect((await bob.call("POST", `${path}/tickets`, { permission: "control" })).status).toBe(404);
    expect((await ada.call("GET", path)).status).toBe(200);
  });

  it("stops what is queued, refuses a second stop with the state, and queues it again", async () => {
    const ada = await gateway.signIn("ada");
    const { body } = await ada.call("POST", "/api/instances", { environment: slug });
    const path = `/api/instances/${String(body["id"])}`;
    expect(await ada.call("POST", `${path}/stop`)).toMatchObject({
      status: 202,
      body: { state: "stopping", desired: "stopped", reason: { code: "stopped_by_person" } },
    });
    const second = await ada.call("POST", `${path}/stop`);
    expect(second).toMatchObject(problem(409, "state_forbids"));
    expect(second.body["detail"]).toContain("stopping");
    await gateway.database.owner
      .sql`update instances set state = 'stopped' where id = ${String(body["id"])}`;
    expect(await ada.call("POST", `${path}/restart`)).toMatchObject({
      status: 202,
      body: { state: "queued", desired: "running", reason: null },
    });
  });

  it("gives no ticket for what does not run, and none for what nobody may", async () => {
    const ada = await gateway.signIn("ada");
    const { body } = await ada.call("POST", "/api/instances", { environment: slug });
    const path = `/api/instances/${String(body["id"])}/tickets`;
    expect(await ada.call("POST", path, { permission: "control" })).toMatchObject(
      problem(409, "not_running"),
    );
    expect(await ada.call("POST", path, { permission: "view" })).toMatchObject(
      problem(409, "not_running"),
    );
    expect(await ada.call("POST", path, { permission: "own" })).toMatchObject(
      problem(400, "validation"),
    );
  });

  it("pages through a list without gaps", async () => {
    const ada = await gateway.signIn("bob");
    for (let n = 0; n < 5; n++) await ada.call("POST", "/api/instances", { environment: slug });
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await ada.call(
        "GET",
        `/api/instances?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...body.items.map((it: { id: string }) => it.id));
      cursor = String(body["nextCursor"] ?? "");
    } while (cursor);
    expect(new Set(seen).size).toBe(5);
  });
});

describe("bad input", () => {
  it.each([
    ["malformed JSON", "{", 400, "malformed"],
    ["no body at all", "", 400, "malformed"],
    ["another type", { environment: 7 }, 400, "validation"],
    ["a NUL", { environment: "a\u0000" }, 400, "validation"],
    ["an unknown environment", { environment: "nowhere" }, 404, "unknown_environment"],
    [
      "a name of a million characters",
      { environment: "x", name: "n".repeat(1_000_000) },
      400,
      "validation",
    ],
    ["a body over 1 MiB", { environment: "x", name: "n".repeat(1_100_000) }, 413, "too_large"],
  ])("answers %s with its own problem", async (_what, body, status, code) => {
    const ada = await gateway.signIn("ada");
    const answer = await ada.call("POST", "/api/instances", body, {
      "content-type": "application/json",
    });
    expect(answer).toMatchObject(problem(status, code));
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
  });

  it("takes a NUL nowhere, signed in or not", async () => {
    const body = { username: "a\u0000", password: "x" };
    expect(await gateway.browser().call("POST", "/api/auth/login", body)).toMatchObject(
      problem(400, "validation"),
    );
    const admin = await gateway.signIn("root");
    expect(await admin.call("GET", "/api/admin/users?search=%00")).toMatchObject(
      problem(400, "validation"),
    );
  });

  it("names each faulty field", async () => {
    const admin = await gateway.signIn("root");
    const { body } = await admin.call("POST", "/api/admin/users", {
      username: "Ada!",
      password: "short",
    });
    expect(body["errors"]).toEqual([
      { path: "username", message: expect.any(String) },
      { path: "password", message: expect.any(String) },
      { path: "roles", message: expect.any(String) },
    ]);
  });

  it.each([
    "/api/nothing",
    "/api/instances/not-a-uuid",
    "/api/instances/00000000-0000-4000-8000-000000000000",
  ])("knows nothing at %s", async (path) => {
    const ada = await gateway.signIn("ada");
    expect(await ada.call("GET", path)).toMatchObject(problem(404, "not_found"));
  });
});

describe("administration", () => {
  it("is closed to everybody else", async () => {
    const ada = await gateway.signIn("ada");
    for (const path of ["/api/admin/users", "/api/admin/nodes", "/metrics"]) {
      expect(await ada.call("GET", path)).toMatchObject(problem(403, "role_missing"));
      expect(await new Browser(gateway.origin).call("GET", path)).toMatchObject(
        problem(401, "signed_out"),
      );
    }
  });

  it("adds a person who can sign in at once", async () => {
    const admin = await gateway.signIn("root");
    const password = "correct horse battery";
    const added = await admin.call("POST", "/api/admin/users", {
      username: "carol",
      password,
      roles: ["user"],
      email: "carol@example.org",
    });
    expect(added).toMatchObject({
      status: 201,
      body: { username: "carol", displayName: "carol", disabled: false, uid: expect.any(Number) },
    });
    expect(JSON.stringify(added.body)).not.toContain("scrypt");
    const carol = gateway.browser();
    expect(
      (await carol.call("POST", "/api/auth/login", { username: "carol", password })).status,
    ).toBe(200);
    expect(
      await admin.call("POST", "/api/admin/users", {
        username: "carol",
        password,
        roles: ["user"],
      }),
    ).toMatchObject(problem(409, "username_taken"));
    expect(
      await admin.call("POST", "/api/admin/users", {
        username: "carol2",
        password,
        roles: ["user"],
        email: "carol@example.org",
      }),
    ).toMatchObject(problem(409, "email_taken"));
  });

  it("finds people and pages through them", async () => {
    const admin = await gateway.signIn("root");
    for (const name of ["zed-1", "zed-2", "zed-3"]) await gateway.addUser(name);
    const first = await admin.call("GET", "/api/admin/users?search=ZED&limit=2");
    expect(first.body.items.map((it: { username: string }) => it.username)).toEqual([
      "zed-1",
      "zed-2",
    ]);
    const next = await admin.call(
      "GET",
      `/api/admin/users?search=zed&limit=2&cursor=${String(first.body["nextCursor"])}`,
    );
    expect(next.body.items.map((it: { username: string }) => it.username)).toEqual(["zed-3"]);
    expect(next.body["nextCursor"]).toBeNull();
  });

  it("does not let the last administrator go", async () => {
    const admin = await gateway.signIn("root");
    const me = await admin.call("GET", "/api/me");
    const path = `/api/admin/users/${String(me.body["id"])}`;
    expect(await admin.call("PATCH", path, { disabled: true })).toMatchObject(
      problem(409, "last_admin"),
    );
    expect(await admin.call("PATCH", path, { roles: ["user"] })).toMatchObject(
      problem(409, "last_admin"),
    );
  });

  it("closes and opens a node for new work", async () => {
    const admin = await gateway.signIn("root");
    const { body } = await admin.call("GET", "/api/admin/nodes");
    const [node] = body.items as { id: string; schedulable: boolean; reason: unknown }[];
    expect(node).toMatchObject({
      schedulable: true,
      state: "not_ready",
      reason: { code: "node_never_seen" },
    });
    const path = `/api/admin/nodes/${node?.id}`;
    expect(await admin.call("PATCH", path, { schedulable: false })).toMatchObject({
      status: 200,
      body: { schedulable: false },
    });
    expect(await admin.call("GET", path)).toMatchObject({ body: { schedulable: false } });
  });
});

describe("the API's own description", () => {
  it("lists every call with its answers", async () => {
    const { body } = await gateway.browser().call("GET", "/api/openapi.json");
    const paths = Object.keys(body["paths"] as object).sort();
    expect(paths).toMatchInlineSnapshot(`
      [
        "/.well-known/jwks.json",
        "/api/admin/audit",
        "/api/admin/audit/export",
        "/api/admin/beamlines",
        "/api/admin/beamlines/{id}",
        "/api/admin/beamlines/{id}/stations",
        "/api/admin/beamlines/{id}/stations/{stationId}",
        "/api/admin/beamlines/{id}/stations/{stationId}/codes",
        "/api/admin/environments",
        "/api/admin/environments/{id}",
        "/api/admin/environments/{id}/entitlements",
        "/api/admin/environments/{id}/entitlements/{entitlementId}",
        "/api/admin/experiments",
        "/api/admin/experiments/sync",
        "/api/admin/experiments/{id}",
        "/api/admin/groups",
        "/api/admin/groups/{id}",
        "/api/admin/import/beamlines",
        "/api/admin/import/experiments",
        "/api/admin/import/members",
        "/api/admin/import/people",
        "/api/admin/instances",
        "/api/admin/instances/{id}",
        "/api/admin/instances/{id}/stop",
        "/api/admin/may-start",
        "/api/admin/nodes",
        "/api/admin/nodes/labels",
        "/api/admin/nodes/{id}",
        "/api/admin/nodes/{id}/gone",
        "/api/admin/providers",
        "/api/admin/providers/{id}",
        "/api/admin/reservations",
        "/api/admin/reservations/{id}",
        "/api/admin/rules",
        "/api/admin/rules/order",
        "/api/admin/rules/preview",
        "/api/admin/rules/{id}",
        "/api/admin/rules/{id}/restore",
        "/api/admin/rules/{id}/versions",
        "/api/admin/tokens",
        "/api/admin/tokens/{id}",
        "/api/admin/use",
        "/api/admin/users",
        "/api/admin/users/{id}",
        "/api/admin/users/{id}/logout",
        "/api/approvals/confirm",
        "/api/approvals/decline",
        "/api/approvals/look",
        "/api/auth/login",
        "/api/auth/logout",
        "/api/auth/logout/everywhere",
        "/api/auth/providers",
        "/api/catalogue",
        "/api/environments",
        "/api/environments/{slug}/availability",
        "/api/events",
        "/api/experiments",
        "/api/favourites/{environment}",
        "/api/home",
        "/api/instances",
        "/api/instances/{id}",
        "/api/instances/{id}/audit",
        "/api/instances/{id}/extend",
        "/api/instances/{id}/restart",
        "/api/instances/{id}/stop",
        "/api/instances/{id}/tickets",
        "/api/me",
        "/api/sign-ins",
        "/api/sign-ins/{id}",
        "/api/station",
        "/api/station/approvals",
        "/api/station/approvals/{id}",
        "/api/station/starts",
        "/api/stations/enrol",
        "/api/tokens",
        "/api/tokens/{id}",
        "/auth/oidc/{provider}/backchannel-logout",
        "/auth/oidc/{provider}/callback",
        "/auth/oidc/{provider}/start",
        "/healthz",
        "/metrics",
        "/readyz",
      ]
    `);
    expect(JSON.stringify(body)).not.toContain("undefined");
  });

  it("publishes the public keys, and nothing private", async () => {
    const { status, body } = await gateway.browser().call("GET", "/.well-known/jwks.json");
    expect(status).toBe(200);
    expect(body["keys"]).toEqual([
      expect.objectContaining({ kty: "EC", crv: "P-256", alg: "ES256", use: "sig" }),
    ]);
    expect(JSON.stringify(body)).not.toContain('"d"');
  });

  it("tells whether it is alive and ready", async () => {
    const browser = gateway.browser();
    expect(await browser.call("GET", "/healthz")).toMatchObject({
      status: 200,
      body: { ok: true },
    });
    expect(await browser.call("GET", "/readyz")).toMatchObject({
      status: 200,
      body: { ready: true },
    });
  });
});
