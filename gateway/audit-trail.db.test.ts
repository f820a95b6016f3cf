import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { seedCatalogue } from "../db/testing.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
let root: Browser;
let ada: Browser;
let bob: Browser;
let adaId: string;
let instanceId: string;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  adaId = await gateway.addUser("ada");
  await gateway.addUser("bob");
  root = await gateway.signIn("root");
  ada = await gateway.signIn("ada");
  bob = await gateway.signIn("bob");
  const seeded = await seedCatalogue(gateway.database.owner.db);
  const started = await ada.call("POST", "/api/instances", {
    environment: `env-${seeded.username}`,
    name: 'Desk, "one"',
  });
  instanceId = started.body["id"] as string;
  await ada.call("POST", `/api/instances/${instanceId}/stop`);
  await bob.call("GET", "/api/admin/users");
});
afterAll(() => gateway.stop());

interface Item extends Record<string, unknown> {
  readonly id: string;
  readonly action: string;
}
async function trail(query = "", browser = root, path = "/api/admin/audit") {
  const { status, body } = await browser.call("GET", `${path}${query}`);
  return { status, items: (body.items ?? []) as Item[], next: body["nextCursor"] as string | null };
}
const actions = async (query: string) => (await trail(query)).items.map((it) => it.action);

describe("the audit trail, to administrators", () => {
  it("comes newest first with the names of what it is about, page by page", async () => {
    const { items } = await trail();
    expect(items.map((it) => Number(it.id))).toEqual(
      items.map((it) => Number(it.id)).toSorted((a, b) => b - a),
    );
    expect(items.find((it) => it.action === "instance.start")).toMatchObject({
      actor: "ada",
      outcome: "allowed",
      subjectKind: "instance",
      subjectId: instanceId,
      subject: 'Desk, "one"',
      address: expect.any(String),
      requestId: expect.any(String),
      detail: { via: "everyone" },
    });
    const first = await trail("?limit=2");
    const second = await trail(`?limit=2&cursor=${first.next}`);
    expect([...first.items, ...second.items]).toEqual(items.slice(0, 4));
  });

  it("is searched by action, kind of action, person, outcome, subject, time and any text", async () => {
    expect(await actions("?action=instance.stop")).toEqual(["instance.stop"]);
    expect(await actions("?action=instance.*")).toEqual(["instance.stop", "instance.start"]);
    expect(await actions("?actor=bob")).toEqual(["access", "sign_in"]);
    expect(await actions("?outcome=refused")).toEqual(["access"]);
    expect(await actions(`?subjectId=${adaId}`)).toEqual(["sign_in"]);
    expect(await actions("?search=ROLE_missing")).toEqual(["access"]);
    expect(await actions("?until=2020-01-01T00:00:00Z")).toEqual([]);
    expect(await actions("?from=2020-01-01T00:00:00%2B10:00&actor=ada&action=sign_in")).toEqual([
      "sign_in",
    ]);
  });

  it.each(["action=In%20valid", "actor=A%20B", "outcome=maybe", "from=yesterday", "cursor=MTJh"])(
    "refuses %s",
    async (query) => {
      expect((await trail(`?${query}`)).status).toBe(400);
    },
  );

  it("is taken away as CSV, which is in the trail itself", async () => {
    const answer = await root.fetch("GET", "/api/admin/audit/export?action=instance.*");
    expect(answer.headers.get("content-type")).toContain("text/csv");
    expect(answer.headers.get("content-disposition")).toContain("asci-audit.csv");
    const lines = (await answer.text()).split("\r\n");
    expect(lines[0]).toBe(
      "id,at,actor,action,outcome,subjectKind,subjectId,subject,address,requestId,signInId,detail",
    );
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain(`,ada,instance.stop,allowed,instance,${instanceId},"Desk, ""one"""`);
    expect(await actions("?action=audit.export")).toEqual(["audit.export"]);
  });

  it("is taken away whole, however long it is", async () => {
    await gateway.database.owner.sql`
      insert into audit (action, outcome) select 'bulk.' || n % 7, 'allowed' from generate_series(1, 2500) n`;
    const answer = await root.fetch("GET", "/api/admin/audit/export?action=bulk.*");
    const lines = (await answer.text()).trimEnd().split("\r\n");
    expect(lines).toHaveLength(2501);
    expect(new Set(lines).size).toBe(2501);
  });
});

describe("the trail of a desktop", () => {
  const path = () => `/api/instances/${instanceId}/audit`;

  it("is its owner's to read: who did what to it, and when", async () => {
    const { items } = await trail("", ada, path());
    expect(items.map((it) => [it.actor, it.action])).toEqual([
      ["ada", "instance.stop"],
      ["ada", "instance.start"],
    ]);
    const { next } = await trail("?limit=1", ada, path());
    expect((await trail(`?limit=1&cursor=${next}`, ada, path())).items).toEqual([items[1]]);
  });

  it("is nobody else's", async () => {
    expect((await trail("", bob, path())).status).toBe(404);
    expect((await trail("", root, path())).status).toBe(404);
    expect((await trail("", ada, "/api/instances/nothing/audit")).status).toBe(404);
  });
});

describe("an export that cannot be finished", () => {
  it("breaks off, so that nobody takes it for whole", async () => {
    const { sql } = gateway.database.owner;
    await sql`insert into audit (action, outcome) select 'bulk.' || n % 7, 'allowed' from generate_series(1, 5000) n`;
    const answer = await root.fetch("GET", "/api/admin/audit/export?action=bulk.*");
    expect(answer.status).toBe(200);
    const reader = answer.body?.getReader();
    await reader?.read();
    await sql`alter table audit rename to audit_gone`;
    const rest = async () => {
      while (!(await reader?.read())?.done);
    };
    await expect(rest()).rejects.toThrow(/./);
    await sql`alter table audit_gone rename to audit`;
  });
});
