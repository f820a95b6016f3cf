import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { planOnce, sentAtOnce, type Connection, type Queryable } from "./client.ts";
import { sqlState } from "./errors.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

let database: TestDatabase;
let connection: Connection;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  connection = database.as("gateway", { max: 1 });
});
afterAll(() => database.drop());

const one = (tx: Queryable) => tx.execute<{ n: number }>(sql`select 1 as n`);

it("gives every outcome, in order, and sends each statement once", async () => {
  const { db } = connection;
  await database.owner.db.execute(sql`create sequence counted`);
  await database.owner.db.execute(sql`grant usage on sequence counted to asci_gateway`);
  const next = (tx: Queryable) =>
    tx.execute<{ n: number }>(sql`select nextval('counted')::int as n`);
  const outcome = await db.transaction((tx) => sentAtOnce([next(tx), "plain", next(tx), one(tx)]));
  expect(outcome).toEqual([[{ n: 1 }], "plain", [{ n: 2 }], [{ n: 1 }]]);
});

it("tells the cause, whatever stood behind it or was still to come of those before it", async () => {
  const failing = (tx: Queryable) => tx.execute(sql`select 1 / 0`);
  const inTwoSteps = async (tx: Queryable) => {
    await one(tx);
    return one(tx);
  };
  const attempt = connection.db.transaction((tx) =>
    sentAtOnce([one(tx), inTwoSteps(tx), failing(tx), one(tx)]),
  );
  const error: unknown = await attempt.catch((it: unknown) => it);
  expect(sqlState(error)?.code).toBe("22012");
  expect(await one(connection.db)).toEqual([{ n: 1 }]);
});

it("plans once in its transaction alone, and never through a pooler", async () => {
  const mode = async (tx: Queryable) =>
    (await tx.execute<{ plan_cache_mode: string }>(sql`show plan_cache_mode`))[0]?.plan_cache_mode;
  const within = ({ db }: Connection) =>
    db.transaction(async (tx) => {
      await planOnce(db, tx);
      return mode(tx);
    });
  expect(await within(connection)).toBe("force_generic_plan");
  expect(await mode(connection.db)).toBe("auto");
  expect(await within(database.as("gateway", { max: 1, pooled: true }))).toBe("auto");
});
