import { sql as statement } from "drizzle-orm";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { countWaiting } from "../db/queue.ts";
import { startTestGateway, type TestGateway } from "./testing.ts";
import { mostWaiting } from "./waiting-limit.ts";

let gateway: TestGateway;
const sql = () => gateway.database.owner.sql;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
});
afterAll(() => gateway.stop());

/** As many of a person's as this, waiting. */
async function wait(userId: string, count: number): Promise<void> {
  await sql()`
    insert into instances (name, environment_id, version_id, owner_id)
    select 'w', v.environment_id, v.id, ${userId}
    from (select id, environment_id from versions limit 1) v, generate_series(1, ${count}::int)`;
}

const blocked = async () => {
  for (;;) {
    const rows = await sql()`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if (rows.length > 0) return;
  }
};

/** What a start is answered that comes while another's transaction, which ends well, is not over. */
async function startDuring<T>(userId: string, start: () => Promise<T>): Promise<T> {
  const [counted, gate] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
  const other = gateway.database.as("gateway", { max: 1 }).db.transaction(async (tx) => {
    await tx.execute(statement`
      insert into instances (name, environment_id, version_id, owner_id)
      select 'w', environment_id, id, ${userId} from versions limit 1`);
    counted.resolve(await countWaiting(tx, userId));
    await gate.promise;
  });
  await Promise.race([counted.promise, other]);
  const answer = start();
  await Promise.race([blocked(), answer]);
  gate.resolve();
  await other;
  return answer;
}

it("lets a person have so many waiting and no more, also where several are asked for at once", async () => {
  const [{ slug } = { slug: "" }] = await sql()<{ slug: string }[]>`
    with e as (insert into environments (slug, name, kind) values ('many', 'Many', 'desktop') returning id, slug),
      o as (insert into entitlements (environment_id, kind) select id, 'everyone' from e),
      v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'none', 'none' from e)
    select slug from e`;
  const [adaId] = [await gateway.addUser("ada"), await gateway.addUser("bob")];
  const [ada, bob] = [await gateway.signIn("ada"), await gateway.signIn("bob")];
  const start = (headers: Record<string, string> = {}, who = ada) =>
    who.call("POST", "/api/instances", { environment: slug }, headers);
  const waiting = async () => {
    const [row] =
      await sql()`select count(*)::int as n from instances where owner_id = ${adaId} and state = 'queued'`;
    return row?.["n"];
  };
  await wait(adaId, mostWaiting - 2);
  const once = { "idempotency-key": "the-last-one" };
  expect((await start(once)).status).toBe(202);
  const refused = await startDuring(adaId, start);
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({
    code: "too_many_waiting",
    detail: expect.stringContaining("Stop one of them"),
  });
  // A start that is there already is answered, and others may start.
  expect((await start(once)).status).toBe(202);
  expect((await start({}, bob)).status).toBe(202);
  expect(await waiting()).toBe(mostWaiting);

  const [ended] = await sql()<{ id: string }[]>`
    insert into instances (name, environment_id, version_id, owner_id, state, desired, ended_at)
    select 'ended', environment_id, version_id, owner_id, 'stopped', 'stopped', now() from instances
    where owner_id = ${adaId} limit 1 returning id`;
  const again = () => ada.call("POST", `/api/instances/${ended?.id}/restart`);
  expect(await again()).toMatchObject({ status: 409, body: { code: "too_many_waiting" } });
  const [kept] = await sql()`select state from instances where id = ${ended?.id ?? ""}`;
  expect(kept).toEqual({ state: "stopped" });
  const trail = await sql()<{ action: string }[]>`
    select action, outcome, detail->>'reason' as reason from audit
    where actor_id = ${adaId} and outcome = 'refused' order by action`;
  expect(trail).toEqual(
    ["instance.restart", "instance.start"].map((action) => ({
      action,
      outcome: "refused",
      reason: "too_many_waiting",
    })),
  );
  await sql()`update instances set state = 'failed', ended_at = now() where id in (
    select id from instances where owner_id = ${adaId} and state = 'queued' limit 1)`;
  expect((await again()).status).toBe(202);
  expect(await waiting()).toBe(mostWaiting);
});
