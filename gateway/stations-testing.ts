/** For tests: a site with two beamlines, people, and what is open to whom. */
import { startTestGateway, type Browser, type TestGateway } from "./testing.ts";

export interface MadeStation {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly expiresAt: string;
}

export interface ExperimentProp {
  readonly at?: string;
  /** From before so many hours, for so many from now on. */
  readonly begun?: number;
  readonly hours?: number;
  readonly members?: readonly string[];
  /** Environments, by their slugs. */
  readonly opens?: readonly string[];
}

async function openCatalogue({ database }: TestGateway): Promise<void> {
  await database.owner.sql`
    with e as (
      insert into environments (slug, name, kind) values
        ('all', 'All', 'desktop'), ('imbl', 'IMBL', 'desktop'), ('lungs', 'Lungs', 'desktop'),
        ('mx', 'MX', 'desktop'), ('adas', 'Ada''s', 'desktop'), ('closed', 'Closed', 'desktop') returning id, slug
    ), v as (insert into versions (environment_id, tag, image, digest) select id, '1', 'none', 'none' from e)
    insert into entitlements (environment_id, kind, beamline_id, user_id)
    select e.id, k.kind, b.id, u.id from (values
      ('all', 'everyone', null, null), ('imbl', 'beamline', 'IMBL', null), ('mx', 'beamline', 'MX2', null),
      ('adas', 'person', null, 'ada')) k(slug, kind, beamline, person)
    join e on e.slug = k.slug left join beamlines b on b.code = k.beamline left join users u on u.username = k.person`;
}

/** As an array of the database's. */
const names = (them: readonly string[]): string => `{${them.join(",")}}`;

async function addExperiment(
  { database }: TestGateway,
  code: string,
  { at = "IMBL", begun = 1, hours = 8, members = [], opens = [] }: ExperimentProp,
): Promise<string> {
  const [row] = await database.owner.sql<{ id: string }[]>`
    with x as (
      insert into experiments (code, beamline_id, starts_at, ends_at)
      select ${code}, id, now() - ${begun} * interval '1 hour', now() + ${hours} * interval '1 hour'
      from beamlines where code = ${at} returning id
    ), m as (
      insert into members (experiment_id, user_id)
      select x.id, u.id from x, users u where u.username = any (${names(members)}::text[])
    ), e as (
      insert into entitlements (environment_id, kind, experiment_id)
      select e.id, 'experiment', x.id from x, environments e where e.slug = any (${names(opens)}::text[])
    )
    select id from x`;
  return row?.id ?? "";
}

export type StationSite = Awaited<ReturnType<typeof openStationSite>>;

export async function openStationSite(postgresUrl: string) {
  const gateway = await startTestGateway(postgresUrl);
  const { sql } = gateway.database.owner;
  await gateway.addUser("root", ["admin", "user"]);
  await gateway.addUser("keeper", ["staff", "user"]);
  for (const name of ["ada", "bob"]) await gateway.addUser(name);
  await gateway.addUser("watcher", ["monitor"]);
  const admin = await gateway.signIn("root");
  const staff = await gateway.signIn("keeper");
  const addBeamline = async (code: string, people: string[]): Promise<string> => {
    const wish = { code, name: code, staff: people };
    return String((await admin.call("POST", "/api/admin/beamlines", wish)).body["id"]);
  };
  const beamline = await addBeamline("IMBL", ["keeper"]);
  await addBeamline("MX2", []);
  await openCatalogue(gateway);
  let count = 0;
  const addStation = async (by: Browser = staff): Promise<MadeStation> => {
    const path = `/api/admin/beamlines/${beamline}/stations`;
    const { status, body } = await by.call("POST", path, { name: `Hutch ${++count}` });
    if (status !== 201) throw new Error(`adding a station answered ${status}`);
    return body as unknown as MadeStation;
  };
  return {
    gateway,
    admin,
    staff,
    beamline,
    addBeamline,
    addStation,
    experiment: (code: string, prop: ExperimentProp = {}) => addExperiment(gateway, code, prop),
    end: (code: string) => sql`update experiments set ends_at = now() where code = ${code}`,
    /** A browser that is a station of IMBL. */
    async enrolled() {
      const { id, code, name } = await addStation();
      const browser = gateway.browser();
      const { status } = await browser.call("POST", "/api/stations/enrol", { code });
      if (status !== 200) throw new Error(`enrolling answered ${status}`);
      const { body } = await browser.call("GET", "/api/me");
      return { id, name, browser, username: String(body["username"]) };
    },
    async reset() {
      await sql`delete from sign_in_failures`;
      await sql`delete from instances`;
      await sql`delete from experiments`;
      await sql`update beamlines set station_ending = 'end'`;
    },
  };
}
