/** Lists that can be sorted by several things, page by page. */
import { sql as query, type SQL } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { listAllTokens, type TokenOrder } from "../db/admin-tokens.ts";
import type { Queryable } from "../db/client.ts";
import { listUsers, type UserOrder } from "../db/users.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";

let gateway: TestGateway;
let root: Browser;
const sql = () => gateway.database.owner.sql;

const crowd = 20_000;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  await gateway.addUser("root", ["admin"]);
  root = await gateway.signIn("root");
  // Many of one time, times that differ in their last digit alone, and some of none.
  await sql()`insert into users (username, display_name, created_at, last_sign_in_at)
    select 'few' || n, 'Few', '2026-01-01T00:00:00.000001Z'::timestamptz + (n % 3) * interval '1 microsecond',
      case when n % 4 > 0 then '2026-02-01T00:00:00Z'::timestamptz + (n % 4) * interval '1 microsecond' end
    from generate_series(1, 17) n`;
  await sql()`insert into sign_ins (user_id, token_hash, kind, name, scopes, created_at, last_seen_at, expires_at)
    select u.id, sha256((u.username || n)::bytea), 'token', 'few' || n, '{read}', t.at,
      t.at + (n % 3) * interval '1 hour', now() + interval '10 days' + (n % 2) * interval '1 microsecond'
    from users u, generate_series(1, 5) n,
      lateral (select '2026-03-01T00:00:00Z'::timestamptz + (n % 2) * interval '1 microsecond' as at) t
    where u.display_name = 'Few' and substr(u.username, 4)::int < 5`;
});
afterAll(() => gateway.stop());

/** Every page, to the end. */
async function walk(path: string, sort: string, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor = "";
  for (;;) {
    const address = `${path}&sort=${sort}&limit=${limit}${cursor}`;
    const { status, body } = await root.call("GET", address);
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    ids.push(...body.items.map((it) => String(it["id"])));
    const next = body["nextCursor"];
    if (next === null) return ids;
    cursor = `&cursor=${encodeURIComponent(String(next))}`;
  }
}
const both = (all: readonly string[]) => all.flatMap((it) => [it, `-${it}`]);
const wayOf = (sort: string) => (sort.startsWith("-") ? "desc" : "asc");
const nameOf = (sort: string) => sort.replace("-", "");

describe("people", () => {
  const columns: Record<string, string> = {
    name: "username",
    createdAt: "created_at",
    lastSignInAt: "last_sign_in_at",
  };
  const path = "/api/admin/users?search=few";

  it.each(both(Object.keys(columns)))("by %s, each once, those without last", async (sort) => {
    const way = wayOf(sort);
    const expected = await sql().unsafe<{ id: string; few: boolean }[]>(`
      select id, display_name = 'Few' as few from users
      order by ${columns[nameOf(sort)]} ${way} nulls last, id ${way}`);
    expect(expected).toHaveLength(18);
    for (const limit of [1, 4, 200]) {
      expect(await walk("/api/admin/users?", sort, limit)).toEqual(expected.map((it) => it.id));
      const few = expected.filter((it) => it.few).map((it) => it.id);
      expect(await walk(path, sort, limit)).toEqual(few);
    }
  });

  it("go on after one that is gone", async () => {
    const [gone] = await sql()<
      { id: string }[]
    >`insert into users (username, display_name, created_at)
      values ('fewer', 'Few', '2025-01-01') returning id`;
    const first = await root.call("GET", `${path}&sort=createdAt&limit=1`);
    expect(first.body.items.map((it) => it["id"])).toEqual([gone?.id]);
    await sql()`delete from users where username = 'fewer'`;
    const cursor = encodeURIComponent(String(first.body["nextCursor"]));
    const { body } = await root.call("GET", `${path}&sort=createdAt&limit=200&cursor=${cursor}`);
    expect(body.items).toHaveLength(17);
  });
});

describe("tokens", () => {
  const columns: Record<string, string> = {
    createdAt: "s.created_at",
    expiresAt: "s.expires_at",
    lastUsedAt: "nullif(s.last_seen_at, s.created_at)",
    person: "u.username",
  };
  const path = "/api/admin/tokens?search=few";

  it.each(both(Object.keys(columns)))("by %s, each once, those without last", async (sort) => {
    const way = wayOf(sort);
    const expected = await sql().unsafe<{ id: string }[]>(`
      select s.id from sign_ins s join users u on u.id = s.user_id
      where s.kind = 'token' and u.display_name = 'Few'
      order by ${columns[nameOf(sort)]} ${way} nulls last, s.id ${way}`);
    expect(expected).toHaveLength(20);
    for (const limit of [1, 4, 200])
      for (const address of [path, "/api/admin/tokens?"])
        expect(await walk(address, sort, limit)).toEqual(expected.map((it) => it.id));
  });

  it("say when they were last used, or never", async () => {
    const { body } = await root.call("GET", `${path}&sort=lastUsedAt&limit=200`);
    const used = body.items.map((it) => it["lastUsedAt"]);
    expect(used.filter((it) => it === null)).toHaveLength(4);
    expect(used.slice(-4)).toEqual([null, null, null, null]);
  });
});

describe("an order", () => {
  it("that there is not is refused, with those that there are", async () => {
    for (const [path, allowed] of [
      ["users", "name, -name, createdAt, -createdAt, lastSignInAt, -lastSignInAt"],
      [
        "tokens",
        "createdAt, -createdAt, expiresAt, -expiresAt, lastUsedAt, -lastUsedAt, person, -person",
      ],
      ["nodes", "name, -name"],
      ["experiments", "startsAt, -startsAt"],
    ])
      expect(await root.call("GET", `/api/admin/${path}?sort=password_hash`)).toMatchObject({
        status: 400,
        body: { code: "validation", errors: [{ path: "sort", message: `one of ${allowed}` }] },
      });
  });

  it("has cursors of its own", async () => {
    const { body } = await root.call("GET", "/api/admin/users?sort=-createdAt&limit=1");
    const encode = (it: unknown) => btoa(encodeURIComponent(JSON.stringify(it)));
    const id = crypto.randomUUID();
    for (const [sort, cursor] of [
      ["createdAt", String(body["nextCursor"])],
      ["-lastSignInAt", String(body["nextCursor"])],
      ["-createdAt", encode(["-createdAt", "yesterday", id])],
      ["-createdAt", encode(["-createdAt", "2026-01-01T00:00:00.000000Z", "me"])],
      ["-createdAt", encode({ sort: "-createdAt" })],
      ["name", encode(["name", "a\u0000", id])],
      ["name", btoa("root")],
    ] as const) {
      const address = `/api/admin/users?sort=${sort}&cursor=${encodeURIComponent(cursor)}`;
      expect(await root.call("GET", address)).toMatchObject({
        status: 400,
        body: { code: "validation", errors: [{ path: "cursor" }] },
      });
    }
  });
});

/** How the database answers each part of a page. */
async function plansOf(ask: (db: Queryable) => Promise<unknown>): Promise<string> {
  const { db } = gateway.database.as("gateway", { max: 1 });
  const plans: string[] = [];
  const explaining = {
    execute: async (statement: SQL) => {
      const rows = await db.execute<{ "QUERY PLAN": string }>(query`explain ${statement}`);
      plans.push(...rows.map((it) => it["QUERY PLAN"]));
      return [];
    },
  };
  // A list asks nothing else of it.
  await ask(explaining as unknown as Queryable);
  return plans.join("\n");
}

describe("among many rows", () => {
  beforeAll(async () => {
    await sql()`insert into users (username, display_name, created_at, last_sign_in_at)
    select 'many' || n, 'Many', now() - n * interval '1 minute', case when n % 3 > 0 then now() - n * interval '1 second' end
    from generate_series(1, ${crowd}) n`;
    await sql()`insert into sign_ins (user_id, token_hash, kind, name, scopes, created_at, last_seen_at, expires_at)
    select id, sha256(username::bytea), 'token', 'many', '{read}', created_at, created_at + interval '1 s', now() + interval '30 days'
    from users where display_name = 'Many'`;
    await sql()`analyze users, sign_ins`;
  }, 120_000);

  const page = { search: "", limit: 51 };
  const id = "00000000-0000-4000-8000-000000000000";
  const time = "2026-06-01T00:00:00.000000Z";

  it.each<[UserOrder, string, RegExp]>([
    ["name", "many5", /using users_username_key/],
    ["createdAt", time, /using people_by_creation/],
    ["lastSignInAt", time, /using people_by_last_sign_in/],
  ])("people by %s are read from an index", async (by, value, index) => {
    for (const descending of [false, true])
      for (const cursor of [null, { value, id }]) {
        const plan = await plansOf((db) => listUsers(db, { ...page, by, descending, cursor }));
        expect(plan).toMatch(index);
        expect(plan).not.toMatch(/Seq Scan|Bitmap|(?<!Incremental )Sort\b(?! Key)/);
      }
  });

  it.each<[TokenOrder, string, RegExp]>([
    ["createdAt", time, /using tokens_of_all/],
    ["expiresAt", time, /using tokens_by_end/],
    ["lastUsedAt", time, /using tokens_by_use/],
    ["person", "many5", /using users_username_key[^]*using sign_ins_/],
  ])("tokens by %s are read from an index", async (by, value, index) => {
    for (const descending of [false, true])
      for (const cursor of [null, { value, id }]) {
        const plan = await plansOf((db) => listAllTokens(db, { ...page, by, descending, cursor }));
        expect(plan).toMatch(index);
        expect(plan).not.toMatch(/Seq Scan|Bitmap|(?<!Incremental )Sort\b(?! Key)/);
      }
  });
});
