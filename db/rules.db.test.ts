import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { compileRules } from "../scheduler/rules.ts";
import { listRules, type RulePage } from "./rules.ts";
import { readRules } from "./situation.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

/** Of one priority, as they are asked. A letter above U+FFFF is behind all others, though UTF-16 has it earlier. */
const names = ["2 each", "alpha", "Alpha-2", "beta", "Gamma", "zeta", "Émile", "éa", "Ａ", "𝐀"];
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  for (const name of [...names].reverse())
    await database.owner.db.execute(sql`insert into rules (name) values (${name})`);
  await database.owner.db.execute(sql`insert into rules (name, priority) values ('Zz first', 1)`);
});
afterAll(() => database.drop());

/** Page by page, so that every page begins where the one before ended. */
async function listed(sort: RulePage["sort"]): Promise<string[]> {
  const found: string[] = [];
  let cursor: RulePage["cursor"] = null;
  for (;;) {
    const page = { search: "", sort, limit: 3, cursor };
    const rows = await listRules(database.as("gateway", { max: 1 }).db, page);
    found.push(...rows.map((it) => it.name));
    const last = rows.at(-1);
    if (!last) return found;
    cursor = { priority: last.priority, name: last.name };
  }
}

it("lists rules in the order in which they are asked, whatever order they come in", async () => {
  const asked = ["Zz first", ...names];
  const rules = await readRules(database.as("placer", { max: 1 }).db);
  expect(rules.map((it) => it.name)).toEqual(asked);
  expect(compileRules(rules.toReversed()).all.map((it) => it.rule.name)).toEqual(asked);
  expect(await listed("-priority")).toEqual(asked);
  expect(await listed("priority")).toEqual(asked.toReversed());
});
