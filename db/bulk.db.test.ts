/** What is written by the thousand, on a connection that has seen little of it before. */
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { applyImport, type ImportOptions } from "./import.ts";
import { applySync, type SyncBatch } from "./sync.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";
import type { Connection } from "./client.ts";

let database: TestDatabase;
let connection: Connection;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  connection = database.as("gateway", { max: 1 });
});
afterEach(() => database.drop());

/** Postgres keeps a plan from the sixth time on, and had made it for tables with hardly a row. */
const before = Array.from({ length: 8 }, (_, n) => n);
const many = 10_000;
/** As many as one file may have. */
const most = 20_000;

const all = (kind: ImportOptions["kind"]): ImportOptions => ({
  kind,
  reach: "all",
  replace: true,
  dryRun: false,
  also: () => Promise.resolve(),
});
const person = (name: string) => ({ username: name, displayName: name, email: null, uid: null });
const member = (username: string) => ({ experiment: "18342", username, until: null });

it("imports twenty thousand people and members after a few times few", async () => {
  const { db } = connection;
  const { db: owner } = database.owner;
  await owner.execute(sql`
    with b as (insert into beamlines (code, name) values ('IMBL', 'Imaging') returning id)
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select '18342', id, now(), now() + interval '1 day' from b`);
  for (const n of before) {
    await applyImport(db, [person(`few${n}`)], all("people"));
    await applyImport(db, [member(`few${n}`)], all("members"));
  }
  await owner.execute(sql`analyze`);
  for (const n of before) await applyImport(db, [member(`few${n}`)], all("members"));
  const names = Array.from({ length: most }, (_, n) => `p${n}`);
  const numbered = names.map((it, n) => ({ ...person(it), uid: 600_000 + n }));
  const people = await applyImport(db, numbered, all("people"));
  expect(people.effects.filter((it) => it.effect === "create")).toHaveLength(most);
  const made = await applyImport(db, names.map(member), all("members"));
  expect(made.effects.filter((it) => it.effect === "create")).toHaveLength(most);
  expect(made.removed).toEqual(["18342: few7"]);
  const again = await applyImport(db, names.map(member), all("members"));
  expect(again.effects.filter((it) => it.effect === "unchanged")).toHaveLength(most);
});

const batchOf = (names: readonly string[]): SyncBatch => ({
  beamlines: [{ code: "IMBL", name: "Imaging" }],
  people: names.map((it, n) => ({
    ...person(it),
    uid: names.length > 1 ? 700_000 + n : null,
    gid: null,
  })),
  experiments: [
    {
      code: "18342",
      beamline: "IMBL",
      title: "",
      startsAt: "2026-11-01T00:00:00Z",
      endsAt: "2026-11-20T00:00:00Z",
      dataPath: null,
      dataAccess: "none",
      gid: null,
      members: names,
    },
  ],
});

it("synchronises ten thousand people and members after a few times few", async () => {
  const { db } = connection;
  for (const n of before) await applySync(db, batchOf([`few${n}`]), { dryRun: false });
  await database.owner.db.execute(sql`analyze`);
  for (const n of before) await applySync(db, batchOf([`few${n}`]), { dryRun: false });
  const names = Array.from({ length: many }, (_, n) => `p${n}`);
  expect(await applySync(db, batchOf(names), { dryRun: false })).toMatchObject({
    effect: { people: { created: many }, members: { added: many, removed: 1 } },
  });
  expect(await applySync(db, batchOf(names), { dryRun: false })).toMatchObject({
    effect: { people: { unchanged: many }, members: { added: 0, removed: 0 } },
  });
});
