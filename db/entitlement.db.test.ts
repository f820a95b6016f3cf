import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { mayStart, type StartQuestion } from "./entitlement.ts";
import { listEnvironments } from "./environments.ts";
import { listOwnExperiments } from "./own-experiments.ts";
import { createTestDatabase, seedCatalogue, type TestDatabase } from "./testing.ts";
import { emptyTables } from "./testing-empty.ts";

let database: TestDatabase;
let ada: string;
let slug: string;
let environment: string;
let opened: Record<"imbl" | "mx2" | "running" | "past" | "other" | "group", string>;

const owner = () => database.owner.sql;
const db = () => database.as("gateway").db;

async function insertId(text: string, values: (string | null)[]): Promise<string> {
  const [row] = await owner().unsafe<{ id: string }[]>(`${text} returning id`, values);
  if (!row) throw new Error("nothing was inserted");
  return row.id;
}

const experiment = (code: string, beamline: string, from: string, until: string) =>
  insertId(
    `insert into experiments (code, beamline_id, title, starts_at, ends_at)
     values ($1, $2, 'About ' || $1, now() + $3::interval, now() + $4::interval)`,
    [code, beamline, from, until],
  );

beforeAll(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
});
afterAll(() => database.drop());

beforeEach(async () => {
  await emptyTables(owner(), "beamlines, experiments, groups, users, environments");
  const seeded = await seedCatalogue(database.owner.db);
  ada = seeded.userId;
  environment = seeded.environmentId;
  slug = `env-${seeded.username}`;
  await owner()`delete from entitlements`;
  const beamline = "insert into beamlines (code, name) values ($1, $1)";
  const imbl = await insertId(beamline, ["IMBL"]);
  const mx2 = await insertId(beamline, ["MX2"]);
  opened = {
    imbl,
    mx2,
    running: await experiment("18342", imbl, "-1 day", "1 day"),
    past: await experiment("17999", mx2, "-300 days", "-299 days"),
    other: await experiment("11111", mx2, "-10 days", "-9 days"),
    group: await insertId("insert into groups (name) values ($1)", ["imaging"]),
  };
});

const join = (...experiments: string[]) =>
  owner()`insert into members (user_id, experiment_id)
    select ${ada}, id from experiments where id = any(${`{${experiments.join(",")}}`}::uuid[])`;

/** Opens the environment, e.g. to `experiment_id`. */
const open = (kind: string, to: Record<string, string> = {}) =>
  owner()`insert into entitlements ${owner()({ environment_id: environment, kind, ...to })}`;

const ask = (more: Partial<StartQuestion> = {}) =>
  mayStart(db(), { userId: ada, environment: slug, version: null, experiment: null, ...more });

async function listed() {
  const rows = await listEnvironments(db(), ada, { limit: 10, cursor: null });
  return rows.map(({ experiments, needsExperiment }) => ({ experiments, needsExperiment }));
}

describe("who may start an environment", () => {
  it("is nobody, where it is open to nobody", async () => {
    expect(await ask()).toMatchObject({ allowed: false, code: "not_entitled" });
    expect(await listed()).toEqual([]);
  });

  it("is everyone, a person, a group, or who looks after the beamline, without an experiment", async () => {
    for (const [kind, to, via, prepare] of [
      ["everyone", {}, "everyone", () => Promise.resolve()],
      ["person", { user_id: ada }, "person", () => Promise.resolve()],
      [
        "group",
        { group_id: opened.group },
        "group",
        () => owner()`insert into group_members values (${opened.group}, ${ada})`,
      ],
      [
        "beamline",
        { beamline_id: opened.imbl },
        "staff",
        () => owner()`insert into beamline_staff values (${opened.imbl}, ${ada})`,
      ],
    ] as const) {
      await open(kind, to);
      if (kind === "group" || kind === "beamline")
        expect(await ask()).toMatchObject({ allowed: false, code: "not_entitled" });
      await prepare();
      if (via === "staff") {
        // Who looks after a beamline without the role does not.
        expect(await ask()).toMatchObject({ allowed: false, code: "not_entitled" });
        await owner()`update users set roles = '{staff}' where id = ${ada}`;
      }
      expect(await ask()).toMatchObject({ allowed: true, via, experimentId: null });
      expect(await listed()).toEqual([{ experiments: [], needsExperiment: false }]);
      await owner()`delete from entitlements`;
    }
  });

  it("is a member of the experiment, long after it ended as well, for that experiment", async () => {
    await open("experiment", { experiment_id: opened.past });
    expect(await ask()).toMatchObject({ code: "not_entitled" });
    await join(opened.past);
    const granted = { allowed: true, via: "experiment", experimentId: opened.past };
    expect(await ask()).toMatchObject(granted);
    expect(await ask({ experiment: "17999" })).toMatchObject(granted);
    expect(await listed()).toEqual([{ experiments: ["17999"], needsExperiment: true }]);
  });

  it("is a member of any experiment of the beamline; of several one has to be named", async () => {
    await open("beamline", { beamline_id: opened.mx2 });
    await join(opened.past, opened.other, opened.running);
    expect(await ask()).toEqual({
      allowed: false,
      code: "experiment_needed",
      experiments: ["11111", "17999"],
    });
    expect(await ask({ experiment: "11111" })).toMatchObject({
      allowed: true,
      via: "beamline",
      experimentId: opened.other,
    });
    expect(await ask({ experiment: "18342" })).toMatchObject({ code: "not_for_experiment" });
    expect(await listed()).toEqual([{ experiments: ["11111", "17999"], needsExperiment: true }]);
  });

  it("takes an experiment along into what is open without one, if it is one's own", async () => {
    await open("everyone");
    await join(opened.running);
    expect(await ask({ experiment: "18342" })).toMatchObject({
      allowed: true,
      via: "everyone",
      experimentId: opened.running,
    });
    expect(await ask({ experiment: "17999" })).toMatchObject({ code: "not_a_member" });
    expect(await ask({ experiment: "nothing" })).toMatchObject({ code: "unknown_experiment" });
  });

  it("ends with the membership, whose date counts, and with the entitlement, which may lie ahead", async () => {
    await open("experiment", { experiment_id: opened.running });
    await join(opened.running);
    expect(await ask()).toMatchObject({ allowed: true });
    await owner()`update members set until = now() - interval '1 s'`;
    expect(await ask()).toMatchObject({ code: "not_entitled" });
    expect(await ask({ experiment: "18342" })).toMatchObject({ code: "not_entitled" });
    await owner()`update members set until = now() + interval '1 hour'`;
    expect(await ask()).toMatchObject({ allowed: true });
    await owner()`update entitlements set from_at = now() + interval '1 hour'`;
    expect(await ask()).toMatchObject({ code: "not_entitled" });
    await owner()`update entitlements set from_at = null, until_at = now()`;
    expect(await ask()).toMatchObject({ code: "not_entitled" });
    expect(await listed()).toEqual([]);
  });

  it("is nobody, where it is taken out of the catalogue or has no version", async () => {
    await open("everyone");
    expect(await ask({ version: "never" })).toMatchObject({ code: "unknown_version" });
    await owner()`delete from versions`;
    expect(await ask()).toMatchObject({ code: "unknown_version" });
    expect(await listed()).toEqual([]);
    await owner()`update environments set enabled = false`;
    expect(await ask()).toMatchObject({ code: "unknown_environment" });
  });

  it("has it in a list once, however many ways there are to it", async () => {
    await join(opened.running);
    await open("everyone");
    await open("person", { user_id: ada });
    await open("experiment", { experiment_id: opened.running });
    await open("beamline", { beamline_id: opened.imbl });
    expect(await listed()).toEqual([{ experiments: ["18342"], needsExperiment: false }]);
  });
});

describe("a person's experiments", () => {
  const page = (more = {}) =>
    listOwnExperiments(db(), ada, { search: "", limit: 10, cursor: null, ...more });

  it("come newest first, page by page, each with what it opens, and can be searched", async () => {
    await join(opened.running, opened.past, opened.other);
    await open("beamline", { beamline_id: opened.mx2 });
    const rows = await page();
    expect(rows.map((it) => [it.code, it.running, it.environments])).toEqual([
      ["18342", true, []],
      ["11111", false, [slug]],
      ["17999", false, [slug]],
    ]);
    const [first] = await page({ limit: 1 });
    // Whatever becomes of the last one seen.
    await owner()`delete from experiments where id = ${first?.id ?? ""}`;
    expect((await page({ limit: 1, cursor: first })).map((it) => it.code)).toEqual(["11111"]);
    expect((await page({ search: "mx2" })).map((it) => it.code)).toEqual(["11111", "17999"]);
    expect((await page({ search: "ABOUT 179" })).map((it) => it.code)).toEqual(["17999"]);
  });

  it("are gone with the membership", async () => {
    await join(opened.running);
    await owner()`update members set until = now()`;
    expect(await page()).toEqual([]);
  });
});

describe("the database refuses", () => {
  it.each([
    ["an experiment that ends before it begins", `update experiments set ends_at = starts_at`],
    ["a code that could leave its folder", `update experiments set code = '../etc'`],
    ["data outside of where it says", `update experiments set data_path = '/data/../etc'`],
    ["a relative data path", `update experiments set data_path = 'data'`],
    ["a code that differs in case only", `insert into beamlines (code, name) values ('imbl', 'x')`],
    [
      "an entitlement without its subject",
      `insert into entitlements (environment_id, kind) select id, 'group' from environments`,
    ],
  ])("%s", async (_what, statement) => {
    await expect(owner().unsafe(statement)).rejects.toMatchObject({
      code: expect.stringMatching(/^23/),
    });
  });
});
