/** What a person sees of the catalogue: by experiment, with favourites, and the start that they may repeat. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { mayStart } from "../db/entitlement.ts";
import type { Catalogue } from "./catalogue-schemas.ts";
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";
import { emptyTables } from "../db/testing-empty.ts";

let gateway: TestGateway;
let ada: Browser;
let bob: Browser;
let adaId: string;

const owner = () => gateway.database.owner.sql;

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  adaId = await gateway.addUser("ada");
  await gateway.addUser("bob");
  ada = await gateway.signIn("ada");
  bob = await gateway.signIn("bob");
});
afterAll(() => gateway.stop());
/** `free` is open to everyone, `tomo` to both experiments, `lungs` to the older one, `closed` to nobody. */
beforeEach(async () => {
  await emptyTables(owner(), "beamlines, experiments, environments, favourites");
  await owner().unsafe(`
    insert into beamlines (code, name) values ('IMBL', 'Imaging');
    insert into experiments (code, beamline_id, title, starts_at, ends_at)
      select 'E' || n, id, 'About ' || n, now() - (10 - n) * interval '30 days', now() - (10 - n) * interval '29 days'
      from beamlines, generate_series(1, 3) n;
    insert into members (user_id, experiment_id) select '${adaId}', id from experiments where code <> 'E3';
    insert into environments (slug, name, kind) values
      ('free', 'b Free', 'desktop'), ('tomo', 'Tomography', 'desktop'), ('lungs', 'A lung', 'service'), ('closed', 'Closed', 'desktop');
    insert into versions (environment_id, tag, image, digest, created_at)
      select id, tag, 'x', 'x', now() - age * interval '1 day'
      from environments, (values ('new', 10), ('old', 20)) v (tag, age);
    insert into entitlements (environment_id, kind) select id, 'everyone' from environments where slug = 'free';
    insert into entitlements (environment_id, kind, experiment_id)
      select e.id, 'experiment', x.id from environments e, experiments x
      where e.slug = 'tomo' or e.slug = 'lungs' and x.code = 'E1';`);
});

async function catalogue(browser = ada): Promise<Catalogue> {
  const { status, body } = await browser.call("GET", "/api/catalogue");
  expect(status).toBe(200);
  return body as unknown as Catalogue;
}

/** A start of ada's, so long ago, as it stands in the database. */
async function started(
  slug: string,
  more: { code?: string; tag?: string; screen?: string; daysAgo?: number } = {},
): Promise<void> {
  const { code = null, tag = "new", screen = null, daysAgo = 1 } = more;
  await owner()`
    insert into instances (owner_id, environment_id, version_id, name, experiment_id, geometry, created_at,
      state, desired, ended_at)
    select ${adaId}, e.id, v.id, e.name, (select id from experiments where code = ${code}), ${screen},
      now() - ${daysAgo} * interval '1 day', 'stopped', 'stopped', now()
    from environments e join versions v on v.environment_id = e.id and v.tag = ${tag} where e.slug = ${slug}`;
}

describe("the catalogue", () => {
  it("has what a person may start by name, and their experiments, the newest first", async () => {
    const { environments, experiments, last } = await catalogue();
    expect(environments.map((it) => [it.slug, it.experiments, it.needsExperiment])).toEqual([
      ["lungs", ["E1"], true],
      ["free", [], false],
      ["tomo", ["E2", "E1"], true],
    ]);
    expect(environments[1]).toMatchObject({
      kind: "desktop",
      favourite: false,
      versions: [{ tag: "new" }, { tag: "old" }],
    });
    expect(experiments.map((it) => it.code)).toEqual(["E2", "E1"]);
    expect(experiments[0]).toMatchObject({
      title: "About 2",
      beamline: { code: "IMBL", name: "Imaging" },
      startsAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(last).toBeNull();
  });

  it("has of an experiment that ended for them nothing, and knows experiments that open nothing", async () => {
    await owner()`delete from members where experiment_id in (select id from experiments where code = 'E1')`;
    await owner()`delete from entitlements where experiment_id is not null`;
    const { environments, experiments } = await catalogue();
    expect(environments.map((it) => it.slug)).toEqual(["free"]);
    expect(experiments.map((it) => it.code)).toEqual(["E2"]);
  });

  it("agrees with the list of environments", async () => {
    const { body } = await ada.call("GET", "/api/environments");
    const bySlug = (await catalogue()).environments.toSorted((a, b) => (a.slug < b.slug ? -1 : 1));
    const listed = (body.items as object[]).map((it) => ({ ...it, favourite: false }));
    expect(bySlug).toEqual(listed);
  });

  it("is more than a page of a list", async () => {
    await owner()`
      with e as (insert into environments (slug, name, kind) select 'env-' || n, 'Env ' || n, 'desktop'
        from generate_series(1, 250) n returning id),
      v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from e)
      insert into entitlements (environment_id, kind) select id, 'everyone' from e`;
    expect((await catalogue()).environments).toHaveLength(253);
  });
});

describe("favourites", () => {
  const favourites = async (browser = ada) =>
    (await catalogue(browser)).environments.filter((it) => it.favourite).map((it) => it.slug);
  const put = async (slug: string, browser = ada) =>
    (await browser.call("PUT", `/api/favourites/${slug}`)).status;
  const drop = async (slug: string, browser = ada) =>
    (await browser.call("DELETE", `/api/favourites/${slug}`)).status;

  it("are kept per person, once, until they are taken back", async () => {
    expect(await put("free")).toBe(204);
    expect(await put("free")).toBe(204);
    expect(await put("tomo")).toBe(204);
    expect(await favourites()).toEqual(["free", "tomo"]);
    expect(await favourites(bob)).toEqual([]);
    expect(await drop("free", bob)).toBe(204);
    expect(await favourites()).toEqual(["free", "tomo"]);
    expect(await drop("free")).toBe(204);
    expect(await drop("free")).toBe(204);
    expect(await favourites()).toEqual(["tomo"]);
  });

  it("can be only what one may start, and what one may not start any more is let go", async () => {
    for (const slug of [
      "closed",
      "nothing",
      "a%00b",
      encodeURIComponent("x'; --"),
      "x".repeat(300),
    ])
      expect([slug, await put(slug)]).toEqual([slug, 404]);
    expect(await put("tomo", bob)).toBe(404);
    expect(await put("tomo")).toBe(204);
    await owner()`delete from members`;
    expect(await favourites()).toEqual([]);
    expect(await put("tomo")).toBe(404);
    expect(await drop("tomo")).toBe(204);
    expect(await owner()`select from favourites`).toHaveLength(0);
  });

  it("are set by this site's pages only", async () => {
    const foreign = { origin: "https://elsewhere.example" };
    const { status, body } = await ada.call("PUT", "/api/favourites/free", undefined, foreign);
    expect([status, body["code"]]).toEqual([403, "origin_foreign"]);
    expect(await favourites()).toEqual([]);
  });
});

describe("the start that one may repeat", () => {
  it("is the latest: environment, version, experiment and size", async () => {
    await started("tomo", { code: "E1", daysAgo: 2 });
    await started("tomo", { code: "E2", screen: "1440x848" });
    const { last } = await catalogue();
    expect(last).toEqual({
      environment: "tomo",
      version: null,
      experiment: "E2",
      screen: { width: 1440, height: 848 },
      at: expect.stringMatching(/Z$/),
    });
    expect((await catalogue(bob)).last).toBeNull();
  });

  it.each([
    ["the newest, as it was then", { tag: "old", daysAgo: 15 }, null],
    ["an older one that was chosen", { tag: "old", daysAgo: 5 }, "old"],
    ["the newest, as it is now", { tag: "new", daysAgo: 5 }, null],
  ])("follows %s", async (_what, more, version) => {
    await started("free", more);
    expect((await catalogue()).last).toMatchObject({ environment: "free", version, screen: null });
  });

  it("is one that the person may make, and the same as a start's own answer", async () => {
    const choices = [
      ["free", undefined],
      ["free", "E1"],
      ["free", "E3"],
      ["tomo", "E1"],
      ["tomo", undefined],
      ["closed", undefined],
    ] as const;
    for (const change of [
      "select",
      `delete from members where experiment_id in (select id from experiments where code = 'E1')`,
      `insert into beamline_staff select id, '${adaId}' from beamlines; update users set roles = '{staff}' where id = '${adaId}'`,
      `update environments set enabled = false where slug = 'free'`,
    ]) {
      await owner().unsafe(change);
      for (const [slug, code] of choices) {
        await owner()`delete from instances`;
        await started(slug, code === undefined ? {} : { code });
        const { last } = await catalogue();
        const verdict = await mayStart(gateway.database.as("gateway").db, {
          userId: adaId,
          environment: slug,
          version: null,
          experiment: code ?? null,
        });
        // Without an experiment it is another start where one is taken along.
        const same = verdict.allowed && (verdict.experimentId !== null) === (code !== undefined);
        expect({ change, slug, code, offered: last !== null }).toEqual({
          change,
          slug,
          code,
          offered: same,
        });
      }
    }
    await owner()`update users set roles = '{user}' where id = ${adaId}`;
  });

  it("is an earlier one, where the latest is not open any more", async () => {
    await started("free", { daysAgo: 3 });
    await started("closed");
    expect((await catalogue()).last).toMatchObject({ environment: "free" });
  });
});
