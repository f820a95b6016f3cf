import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { connect } from "../db/client.ts";
import { sqlState } from "../db/errors.ts";
import { seedCatalogue } from "../db/testing.ts";
import { startTestGateway, testPassword, type Browser, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
let slug: string;
let ada: Browser;
let adaId: string;
let admin: Browser;
let adminId: string;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  adaId = await gateway.addUser("ada");
  adminId = await gateway.addUser("root", ["admin", "user"]);
  ada = await gateway.signIn("ada");
  admin = await gateway.signIn("root");
  // Its first signing key is the gateway's own doing.
  await admin.call("GET", "/readyz");
  slug = `env-${(await seedCatalogue(gateway.database.owner.db)).username}`;
});
afterAll(() => gateway.stop());

type Answer = Awaited<ReturnType<Browser["call"]>>;
type AuditRow = Record<string, unknown>;
/** Whatever must never be found in the trail. */
const secrets = new Set<string>([testPassword]);

function keepSecrets(answer: Answer): void {
  const cookie = /asci_session=([\w-]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
  if (cookie) secrets.add(cookie);
  const ticket = answer.body?.["ticket"];
  if (typeof ticket === "string") for (const part of ticket.split(".")) secrets.add(part);
}

/** What an act leaves in the trail, with what the request itself tells of it checked. */
async function trailOf(act: () => Promise<Answer>): Promise<AuditRow[]> {
  const { sql } = gateway.database.owner;
  const [before] = await sql<{ id: number; at: Date }[]>`
    select coalesce(max(id), 0) as id, now() as at from audit`;
  const answer = await act();
  keepSecrets(answer);
  const rows = await sql`
    select *, at between ${before?.at ?? ""} and now() as "inTime" from audit
    where id > ${before?.id ?? 0} order by id`;
  for (const row of rows)
    expect(row).toMatchObject({
      request_id: answer.headers.get("x-request-id"),
      address: "127.0.0.1",
      inTime: true,
    });
  return rows.map(
    ({ actor_id, actor_name, action, outcome, subject_kind, subject_id, detail }) => ({
      actor: [actor_id, actor_name],
      action,
      outcome,
      subject: [subject_kind, subject_id],
      detail,
    }),
  );
}

const login = (username: string, password = testPassword, browser = gateway.browser()) =>
  browser.call("POST", "/api/auth/login", { username, password });
const refused = (name: string | null, id: string | null, reason: string) => [
  {
    actor: [null, name],
    action: "sign_in",
    outcome: "refused",
    subject: ["user", id],
    detail: { reason },
  },
];
const by = (id: string, name: string) => (action: string, subject: unknown[], detail: unknown) => [
  { actor: [id, name], action, outcome: "allowed", subject, detail },
];
const byAda = (action: string, subject: unknown[], detail: unknown = null) =>
  by(adaId, "ada")(action, subject, detail);
const byAdmin = (action: string, subject: unknown[], detail: unknown = null) =>
  by(adminId, "root")(action, subject, detail);

describe("the audit trail has one row", () => {
  it("for each sign-in, whatever it comes to", async () => {
    expect(await trailOf(() => login("Ada"))).toEqual(byAda("sign_in", ["user", adaId]));
    expect(await trailOf(() => login("ada", "wrong-word"))).toEqual(
      refused("ada", adaId, "wrong_password"),
    );
    expect(await trailOf(() => login("nobody-here"))).toEqual(
      refused("nobody-here", null, "unknown_name"),
    );
    const id = await gateway.addUser("gone");
    await admin.call("PATCH", `/api/admin/users/${id}`, { disabled: true });
    expect(await trailOf(() => login("gone"))).toEqual(refused("gone", id, "disabled"));
    expect(await trailOf(() => login("gone", "wrong-word"))).toEqual(
      refused("gone", id, "wrong_password"),
    );
    for (let n = 0; n < 5; n++) await login("gone", "wrong-word");
    await login("gone", "wrong-word");
    expect(await trailOf(() => login("gone"))).toEqual(refused("gone", id, "too_many_attempts"));
    // The next one is counted on that row.
    expect(await trailOf(() => login("gone"))).toEqual([]);
    const [row] = await gateway.database.owner.sql`
      select detail from audit where actor_name = 'gone' order by id desc limit 1`;
    expect(row?.["detail"]).toMatchObject({ reason: "too_many_attempts", repeated: 1 });
    secrets.add("wrong-word");
  });

  it("without what was typed where a name belongs, unless it could be one", async () => {
    const typed = "My Secret Pass-Phrase!";
    secrets.add(typed.toLowerCase()).add(typed);
    expect(await trailOf(() => login(typed, "x"))).toEqual(refused(null, null, "unknown_name"));
  });

  it("for each sign-out, and none for a cookie that is dead already", async () => {
    const browser = await gateway.signIn("ada");
    const { cookie } = browser;
    const logout = () => browser.call("POST", "/api/auth/logout");
    expect(await trailOf(logout)).toEqual(byAda("sign_out", ["user", adaId]));
    browser.cookie = cookie;
    expect(await trailOf(logout)).toEqual([]);
  });

  it("for signing out everywhere, by oneself and by an administrator", async () => {
    const id = await gateway.addUser("eve");
    const [browser] = [await gateway.signIn("eve"), await gateway.signIn("eve")];
    const byEve = by(id, "eve");
    expect(await trailOf(() => browser.call("POST", "/api/auth/logout/everywhere"))).toEqual(
      byEve("sign_out.everywhere", ["user", id], { signIns: 2 }),
    );
    await gateway.signIn("eve");
    const path = `/api/admin/users/${id}/logout`;
    expect(await trailOf(() => admin.call("POST", path))).toEqual(
      byAdmin("user.sign_out", ["user", id], { signIns: 1 }),
    );
  });

  it("for each start, stop, restart and ticket", async () => {
    let id = "";
    const key = { "idempotency-key": "once" };
    const start = async () => {
      const answer = await ada.call("POST", "/api/instances", { environment: slug }, key);
      id = String(answer.body["id"]);
      return answer;
    };
    const started = await trailOf(start);
    expect(started).toEqual(
      byAda("instance.start", ["instance", id], { environment: slug, via: "everyone" }),
    );
    // The same request again starts nothing.
    expect(await trailOf(start)).toEqual([]);
    const subject = ["instance", id];
    const wish = (action: string) => () => ada.call("POST", `/api/instances/${id}/${action}`);
    expect(await trailOf(wish("stop"))).toEqual(byAda("instance.stop", subject));
    expect(await trailOf(wish("stop"))).toMatchObject([
      { action: "instance.stop", outcome: "refused", subject },
    ]);
    const { sql } = gateway.database.owner;
    await sql`update instances set state = 'stopped' where id = ${id}`;
    expect(await trailOf(wish("restart"))).toEqual(byAda("instance.restart", subject));
    const ticket = () => ada.call("POST", `/api/instances/${id}/tickets`, { permission: "view" });
    expect(await trailOf(ticket)).toEqual([]);
    const { nodeId } = gateway.database;
    await sql`
      update instances set state = 'running', incarnation = 2, node_id = ${nodeId} where id = ${id}`;
    expect(await trailOf(ticket)).toEqual(
      byAda("ticket.give", subject, { permission: "view", incarnation: 2 }),
    );
  });

  it("for each change of a person or a node", async () => {
    const password = "a first password";
    secrets.add(password).add("a second password");
    const body = { username: "carol", password, roles: ["user"] };
    let id = "";
    const create = async () => {
      const answer = await admin.call("POST", "/api/admin/users", body);
      if (answer.status === 201) id = String(answer.body["id"]);
      return answer;
    };
    const created = await trailOf(create);
    const subject = ["user", id];
    expect(created).toEqual(
      byAdmin("user.create", subject, { username: "carol", roles: ["user"] }),
    );
    expect(await trailOf(create)).toEqual([]);
    const patch = (change: object) => () => admin.call("PATCH", `/api/admin/users/${id}`, change);
    expect(await trailOf(patch({ disabled: true }))).toEqual(
      byAdmin("user.change", subject, { disabled: true }),
    );
    const change = {
      displayName: "Carol",
      password: "a second password",
      roles: ["user", "staff"],
    };
    expect(await trailOf(patch(change))).toEqual(
      byAdmin("user.change", subject, { ...change, password: "changed" }),
    );
    const { nodeId } = gateway.database;
    const close = () => admin.call("PATCH", `/api/admin/nodes/${nodeId}`, { schedulable: false });
    expect(await trailOf(close)).toEqual(
      byAdmin("node.change", ["node", nodeId], { schedulable: false }),
    );
  });

  it("for what is refused to someone who is signed in", async () => {
    const { nodeId } = gateway.database;
    const open = () => ada.call("PATCH", `/api/admin/nodes/${nodeId}`, { schedulable: true });
    expect(await trailOf(open)).toEqual([
      {
        actor: [adaId, "ada"],
        action: "access",
        outcome: "refused",
        subject: ["call", "PATCH /api/admin/nodes/:id"],
        detail: { reason: "role_missing" },
      },
    ]);
  });

  it("for each token that is made or revoked, and for a browser that is signed out from elsewhere", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const wish = { name: "nightly", scopes: ["read"], expiresAt };
    let made: Answer | undefined;
    const rows = await trailOf(async () => (made = await ada.call("POST", "/api/tokens", wish)));
    const id = made?.body["id"];
    secrets.add(made?.body["token"] as string);
    expect(rows).toEqual(byAda("token.create", ["token", id], wish));
    expect(await trailOf(() => ada.call("DELETE", `/api/tokens/${String(id)}`))).toEqual(
      byAda("token.revoke", ["token", id]),
    );
    await gateway.signIn("ada");
    const { body } = await ada.call("GET", "/api/sign-ins");
    const [newest] = body.items as { id: string }[];
    const signIn = newest?.id ?? "";
    expect(await trailOf(() => ada.call("DELETE", `/api/sign-ins/${signIn}`))).toEqual(
      byAda("sign_out", ["user", adaId], { signIn }),
    );
  });

  it("and in none of them a password, a cookie, a ticket or a hash", async () => {
    const { sql } = gateway.database.owner;
    const [row] = await sql<
      { trail: string }[]
    >`select jsonb_agg(to_jsonb(a))::text as trail from audit a`;
    const hashes = await sql<
      { hash: string }[]
    >`select password_hash as hash from users where password_hash is not null`;
    const tokens = await sql<
      { hash: string }[]
    >`select encode(token_hash, 'hex') as hash from sign_ins`;
    const found = [
      ...secrets,
      ...hashes.map((it) => it.hash),
      ...tokens.map((it) => it.hash),
    ].filter((it) => row?.trail.includes(it));
    expect(secrets.size).toBeGreaterThanOrEqual(10);
    expect(found).toEqual([]);
  });
});

describe("the audit trail", () => {
  it.each(["gateway", "placer", "node", "relay"] as const)(
    "can be changed by no statement of the %s",
    async (part) => {
      const { sql } = connect(gateway.database.urls[part], { max: 1 });
      const faults = [];
      for (const statement of [
        "update audit set actor_name = 'someone else'",
        "update audit set detail = null where false",
        "delete from audit where false",
        "truncate audit",
        "drop table audit",
        "alter table audit disable trigger all",
        "insert into audit (id, action, outcome) overriding system value values (1, 'x', 'allowed') on conflict (id) do update set action = 'x'",
      ])
        faults.push(
          await sql.unsafe(statement).then(
            () => `allowed: ${statement}`,
            (error: unknown) => sqlState(error)?.code,
          ),
        );
      await sql.end();
      expect(new Set(faults)).toEqual(new Set(["42501"]));
    },
  );
});
