import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
let username: string;
let userId: string;
let ada: Browser;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  username = `ada${randomUUID().slice(0, 8)}`;
  userId = await gateway.addUser(username);
  ada = await gateway.signIn(username);
});

type Item = { id: string } & Record<string, unknown>;
const itemsOf = async (browser: Browser, path: string) =>
  (await browser.call("GET", path)).body.items as Item[];

async function makeToken(wish: object = {}, browser = ada) {
  const answer = await browser.call("POST", "/api/tokens", {
    name: "script",
    scopes: ["read"],
    ...wish,
  });
  const { id, token } = answer.body as unknown as { id: string; token: string };
  return { answer, id, token };
}

/** Without a cookie, and without Origin: a script sends none. */
async function byToken(token: string, method: string, path: string, body?: object) {
  const answer = await fetch(gateway.origin + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: (text ? JSON.parse(text) : null) as Record<string, unknown>,
  };
}

describe("an access token", () => {
  it("is shown once, and stands for its person without cookie or Origin", async () => {
    const { answer, id, token } = await makeToken({ name: "  nightly job " });
    expect(answer.status).toBe(201);
    expect(token).toMatch(/^asci_[\w-]{43}$/);
    expect(answer.body).toMatchObject({ name: "nightly job", scopes: ["read"], lastUsedAt: null });
    const ninetyDays = Date.now() + 90 * 24 * 3600 * 1000;
    expect(Date.parse(answer.body["expiresAt"] as string)).toBeCloseTo(ninetyDays, -5);
    expect((await byToken(token, "GET", "/api/me")).body).toMatchObject({ username });
    const [listed] = await itemsOf(ada, "/api/tokens");
    expect(listed).toMatchObject({ id, lastUsedAt: expect.any(String) });
    expect(listed).not.toHaveProperty("token");
    const stored = await gateway.database.owner.sql`select * from sign_ins where id = ${id}`;
    expect(JSON.stringify(stored)).not.toContain(token.slice(5));
  });

  it("changes things with the scope for it, and nothing with another", async () => {
    const { token: reader } = await makeToken();
    const { token: worker } = await makeToken({ scopes: ["desktops"] });
    const path = `/api/instances/${randomUUID()}/stop`;
    expect(await byToken(reader, "POST", path)).toMatchObject({
      status: 403,
      body: { code: "scope_missing", detail: expect.stringContaining("desktops") },
    });
    expect(await byToken(worker, "POST", path)).toMatchObject({ status: 404 });
    expect(
      await byToken(worker, "POST", "/api/tokens", { name: "x", scopes: ["read"] }),
    ).toMatchObject({ status: 403, body: { code: "token_not_allowed" } });
  });

  it("is dead at once when it is revoked, has expired, or its person is disabled", async () => {
    const dead = { status: 401, body: { code: "token_invalid" } };
    const revoked = await makeToken();
    expect((await ada.call("DELETE", `/api/tokens/${revoked.id}`)).status).toBe(204);
    const answer = await byToken(revoked.token, "GET", "/api/me");
    expect(answer).toMatchObject(dead);
    expect(answer.headers.get("www-authenticate")).toContain("invalid_token");
    expect((await ada.call("DELETE", `/api/tokens/${revoked.id}`)).status).toBe(404);

    const expired = await makeToken();
    await gateway.database.owner.sql`
      update sign_ins set expires_at = now() - interval '1 s' where id = ${expired.id}`;
    expect(await byToken(expired.token, "GET", "/api/me")).toMatchObject(dead);
    expect(await itemsOf(ada, "/api/tokens")).toEqual([]);

    const orphan = await makeToken();
    const root = await gateway.signIn("root");
    await root.call("PATCH", `/api/admin/users/${userId}`, { disabled: true });
    expect(await byToken(orphan.token, "GET", "/api/me")).toMatchObject(dead);
    await root.call("PATCH", `/api/admin/users/${userId}`, { disabled: false });
    expect(await byToken(orphan.token, "GET", "/api/me")).toMatchObject(dead);
  });

  it("outlives signing out everywhere, but not when an administrator does it", async () => {
    const { token } = await makeToken();
    await ada.call("POST", "/api/auth/logout/everywhere");
    expect(await byToken(token, "GET", "/api/me")).toMatchObject({ status: 200 });
    await (await gateway.signIn("root")).call("POST", `/api/admin/users/${userId}/logout`);
    expect(await byToken(token, "GET", "/api/me")).toMatchObject({ status: 401 });
  });

  it("of an administrator makes nobody an administrator, and gives nobody a password", async () => {
    const root = await gateway.signIn("root");
    const { token } = await makeToken({ scopes: ["admin", "sync"] }, root);
    const refused = { status: 403, body: { code: "token_not_allowed" } };
    const path = `/api/admin/users/${userId}`;
    const person = { username: "mallory", password: "a good password", roles: ["admin"] };
    expect(await byToken(token, "POST", "/api/admin/users", person)).toMatchObject(refused);
    expect(await byToken(token, "PATCH", path, { roles: ["admin"] })).toMatchObject(refused);
    expect(await byToken(token, "PATCH", path, { password: "a new password" })).toMatchObject(
      refused,
    );
    expect(await byToken(token, "PATCH", path, { displayName: "Ada" })).toMatchObject({
      status: 200,
    });
    expect(await byToken(token, "POST", "/api/auth/logout")).toMatchObject(refused);
    const rows = await gateway.database.owner.sql`
      select s.name from audit a join sign_ins s on s.id = a.sign_in_id
      where a.action = 'user.change' and a.subject_id = ${userId}`;
    expect(rows).toEqual([{ name: "script" }]);
  });

  it("takes a time of any offset", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString().replace("Z", "+00:00");
    expect((await makeToken({ expiresAt })).answer.status).toBe(201);
  });

  it("loses what its person loses", async () => {
    const admin = await gateway.addUser(`boss${userId.slice(0, 8)}`, ["admin"]);
    const { token } = await makeToken(
      { scopes: ["admin"] },
      await gateway.signIn(`boss${userId.slice(0, 8)}`),
    );
    expect(await byToken(token, "GET", "/api/admin/nodes")).toMatchObject({ status: 200 });
    const root = await gateway.signIn("root");
    await root.call("PATCH", `/api/admin/users/${admin}`, { roles: ["user"] });
    expect(await byToken(token, "GET", "/api/admin/nodes")).toMatchObject({
      status: 403,
      body: { code: "role_missing" },
    });
  });

  it("is no cookie, and a cookie is no token", async () => {
    const { token } = await makeToken();
    const impostor = gateway.browser();
    impostor.cookie = `asci_session=${token.slice(5)}`;
    expect((await impostor.call("GET", "/api/me")).status).toBe(401);
    const cookie = ada.cookie?.split("=")[1] ?? "";
    expect(await byToken(`asci_${cookie}`, "GET", "/api/me")).toMatchObject({ status: 401 });
  });

  it.each(["Bearer", "Bearer asci_short", "Basic YWRhOmFkYQ==", "Bearer a b"])(
    "that is malformed (%j) counts for nothing, and the cookie beside it neither",
    async (authorization) => {
      const answer = await ada.call("GET", "/api/me", undefined, { authorization });
      expect(answer).toMatchObject({ status: 401, body: { code: "token_invalid" } });
    },
  );

  it.each([
    [{ name: "" }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ scopes: [] }, "scopes"],
    [{ scopes: ["everything"] }, "scopes.0"],
    [{ expiresAt: "tomorrow" }, "expiresAt"],
    [{ expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
    [{ expiresAt: "9999-12-31T23:59:59Z" }, "expiresAt"],
  ])("is not made of %j", async (wish, path) => {
    const { answer } = await makeToken(wish);
    expect(answer.status).toBe(400);
    expect(answer.body["errors"]).toMatchObject([{ path }]);
  });

  it("is not made with a scope that its person has no use for", async () => {
    const { answer } = await makeToken({ scopes: ["read", "admin"] });
    expect(answer).toMatchObject({ status: 403, body: { code: "role_missing" } });
    expect(await itemsOf(ada, "/api/tokens")).toEqual([]);
  });

  it("is one of 50 at most, also when many are asked for at once", async () => {
    const many = await Promise.all(Array.from({ length: 55 }, () => makeToken()));
    const statuses = many.map((it) => it.answer.status).toSorted();
    expect(statuses).toEqual([...Array<number>(50).fill(201), ...Array<number>(5).fill(409)]);
    expect((await itemsOf(ada, "/api/tokens?limit=200")).length).toBe(50);
  });

  it("is nobody else's to see or to revoke", async () => {
    const { id, token } = await makeToken();
    const root = await gateway.signIn("root");
    expect((await itemsOf(root, "/api/tokens")).map((it) => it.id)).not.toContain(id);
    expect((await root.call("DELETE", `/api/tokens/${id}`)).status).toBe(404);
    expect((await root.call("DELETE", `/api/sign-ins/${id}`)).status).toBe(404);
    expect(await byToken(token, "GET", "/api/me")).toMatchObject({ status: 200 });
  });
});

describe("everybody's tokens", () => {
  it("are listed to administrators, newest first, with their people, and found by either's name", async () => {
    const root = await gateway.signIn("root");
    const { id: first } = await makeToken({ name: "Nightly" });
    const { id: second, token: used } = await makeToken({ name: "Status page" });
    await byToken(used, "GET", "/api/me");
    const { body } = await root.call("GET", `/api/admin/tokens?search=${username}&limit=1`);
    const owner = { id: userId, username, displayName: username };
    const lastUsedAt = expect.any(String);
    expect(body["items"]).toEqual([expect.objectContaining({ id: second, owner, lastUsedAt })]);
    expect(JSON.stringify(body)).not.toContain(used.slice(5));
    const rest = `/api/admin/tokens?search=${username}&cursor=${String(body["nextCursor"])}`;
    expect(await itemsOf(root, rest)).toMatchObject([{ id: first, lastUsedAt: null }]);
    const byName = await itemsOf(root, "/api/admin/tokens?search=nightly");
    expect(byName.map((it) => it.id)).toContain(first);
    expect(byName.map((it) => it.id)).not.toContain(second);
    expect((await ada.call("GET", "/api/admin/tokens")).status).toBe(403);
  });

  it("are revoked by administrators, at once, which the trail shows", async () => {
    const root = await gateway.signIn("root");
    const { id, token } = await makeToken({ name: "Nightly" });
    expect((await ada.call("DELETE", `/api/admin/tokens/${id}`)).status).toBe(403);
    expect((await root.call("DELETE", `/api/admin/tokens/${id}`)).status).toBe(204);
    expect((await byToken(token, "GET", "/api/me")).status).toBe(401);
    expect(await itemsOf(root, `/api/admin/tokens?search=${username}`)).toEqual([]);
    expect((await root.call("DELETE", `/api/admin/tokens/${id}`)).status).toBe(404);
    const trail = `/api/admin/audit?action=token.revoke&subjectId=${id}`;
    expect(await itemsOf(root, trail)).toMatchObject([
      { actor: "root", detail: { owner: username, name: "Nightly" } },
    ]);
  });

  it("do not hold a browser's sign-in, nor end one", async () => {
    const root = await gateway.signIn("root");
    const [own] = await itemsOf(ada, "/api/sign-ins");
    expect((await root.call("DELETE", `/api/admin/tokens/${own?.id}`)).status).toBe(404);
    expect((await ada.call("GET", "/api/me")).status).toBe(200);
  });
});

describe("where someone is signed in", () => {
  it("is listed newest first, page by page, with this browser marked, and ends one by one", async () => {
    const other = gateway.browser();
    const body = { username, password: "a good password" };
    await other.call("POST", "/api/auth/login", body, { "user-agent": "Another/1.0" });
    const [first, second] = await itemsOf(ada, "/api/sign-ins");
    expect(first).toMatchObject({
      current: false,
      userAgent: "Another/1.0",
      address: expect.any(String),
    });
    expect(second).toMatchObject({ current: true });
    const { body: page } = await ada.call("GET", "/api/sign-ins?limit=1");
    const rest = await itemsOf(ada, `/api/sign-ins?limit=1&cursor=${String(page["nextCursor"])}`);
    expect(rest).toMatchObject([{ id: second?.id }]);

    expect((await ada.call("DELETE", `/api/sign-ins/${first?.id}`)).status).toBe(204);
    expect((await other.call("GET", "/api/me")).status).toBe(401);
    expect((await ada.call("DELETE", `/api/sign-ins/${first?.id}`)).status).toBe(404);
    expect(await itemsOf(ada, "/api/sign-ins")).toMatchObject([{ id: second?.id }]);

    const own = await ada.fetch("DELETE", `/api/sign-ins/${second?.id}`);
    expect(own.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await ada.call("GET", "/api/me")).status).toBe(401);
  });
});
