import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { expect, inject, it, onTestFinished } from "vitest";
import { migrate, readMigrations } from "./migrate.ts";

/** A database as the first migration alone left it. */
async function databaseOfBefore(): Promise<{ url: string; sql: postgres.Sql }> {
  const name = `asci_test_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(inject("postgresUrl"), { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${name}`;
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  onTestFinished(async () => {
    await sql.end();
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  });
  const [first] = await readMigrations();
  if (!first) throw new Error("there is no migration");
  await sql`create table schema_migrations (
    version integer primary key, name text not null, applied_at timestamptz not null default now())`;
  await sql.unsafe(first.text);
  await sql`insert into schema_migrations (version, name) values (1, ${first.name})`;
  return { url: url.href, sql };
}

it("an upgrade keeps sign-ins, desktops and uids, and what was open stays open", async () => {
  const { url, sql } = await databaseOfBefore();
  await sql.unsafe(`
    with u as (insert into users (username, display_name) values ('ada', 'Ada') returning id),
      s as (insert into sign_ins (user_id, token_hash, expires_at)
        select id, '\\x01', now() + interval '1 day' from u),
      e as (insert into environments (slug, name, kind) values ('mate', 'MATE', 'desktop') returning id),
      v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e
        returning id, environment_id)
    insert into instances (name, environment_id, version_id, owner_id)
    select 'Desk', v.environment_id, v.id, u.id from u, v`);
  const [before] = await sql`select id, uid from users`;
  expect(await migrate(url)).toBe((await readMigrations()).length - 1);
  expect(await sql`select id, uid from users`).toEqual([before]);
  expect(await sql`select kind, name, cardinality(scopes) as scopes from sign_ins`).toEqual([
    { kind: "browser", name: null, scopes: 0 },
  ]);
  expect(await sql`select name, experiment_id from instances`).toEqual([
    { name: "Desk", experiment_id: null },
  ]);
  const open = await sql`
    select e.slug, r.via from users u, lateral entitled(u.id) r join environments e on e.id = r.environment_id`;
  expect(open).toEqual([{ slug: "mate", via: "everyone" }]);
  const [next] =
    await sql`insert into users (username, display_name) values ('bob', 'Bob') returning uid`;
  expect(next?.["uid"]).toBe(Number(before?.["uid"]) + 1);
});
