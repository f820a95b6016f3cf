import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { policy, type PolicyLine } from "./policy.ts";
import { callerRoles, roles, scopes } from "./schemas.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
const tokens = new Map<string, string>();

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  for (const role of roles) await gateway.addUser(role, [role]);
  await gateway.addUser("everything", [...roles]);
  const browser = await gateway.signIn("everything");
  for (const scope of scopes) {
    const { body } = await browser.call("POST", "/api/tokens", { name: scope, scopes: [scope] });
    tokens.set(scope, body["token"] as string);
  }
});
afterAll(() => gateway.stop());

const lines = policy.filter((it) => it.who !== "ticket");

/** Calls it with ids that name nothing and a body that says nothing: whoever is let past does no harm. */
async function outcomeOf(line: PolicyLine, browser: Browser, headers = {}) {
  const path = line.path.replaceAll(/:\w+/g, randomUUID());
  const body = line.method === "GET" || line.method === "DELETE" ? undefined : {};
  const answer = await browser.fetch(line.method, path, body, headers);
  // An event stream would go on for ever.
  if (answer.ok) {
    await answer.body?.cancel();
    return "allowed";
  }
  const { code } = (await answer.json()) as { code: string };
  // Let past is only who gets an answer to what was asked.
  if (answer.status >= 500) return `${answer.status} ${code}`;
  return [401, 403].includes(answer.status) ? code : "allowed";
}

describe("every call", () => {
  it("by someone who is not signed in", async () => {
    for (const line of lines)
      expect([line.path, await outcomeOf(line, gateway.browser())]).toEqual([
        line.path,
        line.who === "anyone" ? "allowed" : "signed_out",
      ]);
  });

  it.each(callerRoles)("by someone with the role %s", async (role) => {
    for (const line of lines) {
      // Some of them sign out.
      const browser =
        role === "station" ? await gateway.addStation("IMBL") : await gateway.signIn(role);
      const may = line.who === "anyone" || line.who.includes(role);
      expect([line.method, line.path, await outcomeOf(line, browser)]).toEqual([
        line.method,
        line.path,
        may ? "allowed" : "role_missing",
      ]);
    }
  });

  it.each(scopes)(
    "by a token with the scope %s, of someone who may do everything",
    async (scope) => {
      const headers = { authorization: `Bearer ${tokens.get(scope)}` };
      for (const line of lines) {
        const stations = line.who !== "anyone" && !roles.some((it) => line.who.includes(it));
        const unscoped = line.scopes.length === 0 ? "token_not_allowed" : "scope_missing";
        const refusal = stations ? "role_missing" : unscoped;
        const signsOut = line.path === "/api/auth/logout";
        const may = (line.who === "anyone" && !signsOut) || line.scopes.includes(scope);
        expect([line.path, await outcomeOf(line, gateway.browser(), headers)]).toEqual([
          line.path,
          may ? "allowed" : refusal,
        ]);
      }
    },
  );
});

describe("what is refused to someone who is signed in", () => {
  it("is in the audit trail, once a minute for each call", async () => {
    const browser = await gateway.signIn("user");
    const id = await gateway.addUser("curious");
    const curious = await gateway.signIn("curious");
    for (let n = 0; n < 3; n++) await curious.call("GET", "/api/admin/users");
    await curious.call("PATCH", `/api/admin/users/${id}`, { roles: ["admin"] });
    await browser.call("GET", "/api/me");
    const rows = await gateway.database.owner.sql`
      select actor_name, action, outcome, subject_kind, subject_id, detail from audit
      where actor_id = ${id} and action <> 'sign_in' order by id`;
    const common = { actor_name: "curious", action: "access", outcome: "refused" };
    const refused = { ...common, subject_kind: "call", detail: { reason: "role_missing" } };
    expect(rows).toEqual([
      { ...refused, subject_id: "GET /api/admin/users" },
      { ...refused, subject_id: "PATCH /api/admin/users/:id" },
    ]);
  });
});

describe("a station", () => {
  it("may call these, and nothing else", () => {
    const may = lines.filter((it) => it.who !== "anyone" && it.who.includes("station"));
    expect(may.map((it) => `${it.method} ${it.path}`)).toEqual([
      "GET /api/me",
      "GET /api/environments",
      "GET /api/instances",
      "POST /api/instances",
      "GET /api/instances/:id",
      "POST /api/instances/:id/stop",
      "POST /api/instances/:id/restart",
      "POST /api/instances/:id/tickets",
      "GET /api/events",
      "GET /api/station",
      "POST /api/station/starts",
      "POST /api/station/approvals",
      "GET /api/station/approvals/:id",
      "DELETE /api/station/approvals/:id",
    ]);
  });
});
