/** The user office's synchronisation, and what a person with many experiments may start, at a large facility's size. */
import { sql, type SQL } from "drizzle-orm";
import type { Queryable } from "../db/client.ts";
import { readCatalogue } from "../db/catalogue.ts";
import { mayStart } from "../db/entitlement.ts";
import { listEnvironments } from "../db/environments.ts";
import { listOwnExperiments } from "../db/own-experiments.ts";
import type { Browser, TestGateway } from "../gateway/testing.ts";
import { median } from "./figures.ts";
import { withBenchGateway } from "./gateway-site.ts";
import type { BenchRow } from "./relay.ts";

const experiments = 10_000;
const membersEach = 10;
const batchSize = 1_000;
const beamlines = 20;
const environments = 60;
/** Of the one person who is looked at. */
const ownExperiments = 200;
const hourMs = 3_600_000;

const codeOf = (n: number) => `E${n}`;
const username = (n: number) => `p${n % experiments}`;

/** One of each 50, on every beamline in turn. */
function isOwn(n: number): boolean {
  const step = experiments / ownExperiments;
  return n % step === Math.floor(n / step) % step;
}

function batchFrom(first: number) {
  const numbers = Array.from({ length: batchSize }, (_, at) => first + at);
  return {
    beamlines: Array.from({ length: beamlines }, (_, n) => ({
      code: `B${n}`,
      name: `Beamline ${n}`,
    })),
    people: [...numbers.map(username), "prof"].map((it) => ({ username: it, displayName: it })),
    experiments: numbers.map((n) => ({
      code: codeOf(n),
      beamline: `B${n % beamlines}`,
      title: `Experiment ${n}`,
      startsAt: new Date(Date.UTC(2020, 0, 1) + n * hourMs * 6).toISOString(),
      endsAt: new Date(Date.UTC(2020, 0, 4) + n * hourMs * 6).toISOString(),
      members: [
        // From this batch and no other, so that nobody is named who comes later.
        ...Array.from({ length: membersEach - 1 }, (_, at) =>
          username(first + ((n - first + at * 97) % batchSize)),
        ),
        isOwn(n) ? "prof" : username(first + ((n - first + 500) % batchSize)),
      ],
    })),
  };
}

async function syncAll(browser: Browser): Promise<number> {
  const began = performance.now();
  for (let first = 0; first < experiments; first += batchSize) {
    const { status, body } = await browser.call(
      "POST",
      "/api/admin/experiments/sync",
      batchFrom(first),
    );
    if (status !== 200) throw new Error(`sync answered ${status}: ${JSON.stringify(body)}`);
  }
  return (performance.now() - began) / 1000;
}

/** A catalogue of which every fifth environment is open to all, the others to a beamline or experiments. */
async function openEnvironments({ database }: TestGateway): Promise<void> {
  await database.owner.sql.unsafe(`
    insert into environments (slug, name, kind)
      select 'env-' || n, 'Environment ' || n, 'desktop' from generate_series(1, ${environments}) n;
    insert into versions (environment_id, tag, image, digest)
      select e.id, v::text, 'none', 'none' from environments e, generate_series(1, 5) v;
    insert into entitlements (environment_id, kind)
      select id, 'everyone' from environments where substr(slug, 5)::int % 5 = 0;
    insert into entitlements (environment_id, kind, beamline_id)
      select e.id, 'beamline', b.id from environments e
      join beamlines b on substr(b.code, 2)::int % 20 = substr(e.slug, 5)::int % 20
      where substr(e.slug, 5)::int % 5 in (1, 2);
    insert into entitlements (environment_id, kind, experiment_id)
      select e.id, 'experiment', x.id from environments e
      join experiments x on substr(x.code, 2)::int % ${environments} = substr(e.slug, 5)::int
      where substr(e.slug, 5)::int % 5 in (3, 4);
    insert into instances (owner_id, environment_id, version_id, name, experiment_id, state, desired, ended_at, created_at)
      select u.id, e.id, v.id, 'Earlier', m.experiment_id, 'stopped', 'stopped', now(), now() - row_number() over () * interval '1 hour'
      from users u join members m on m.user_id = u.id
      join entitlements t on t.experiment_id = m.experiment_id join environments e on e.id = t.environment_id
      join versions v on v.environment_id = e.id where u.username = 'prof';`);
  await database.owner.sql`analyze`;
}

async function timed(rounds: number, ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await ask();
    times.push(performance.now() - began);
  }
  return median(times);
}

/** Prints how the database answers, as it did: how often each step ran, and over how many rows. */
async function showPlan(
  title: string,
  ask: (db: Queryable) => Promise<unknown>,
  db: Queryable,
): Promise<void> {
  const explaining = {
    execute: async (query: SQL) => {
      const plan = await db.execute<{ "QUERY PLAN": string }>(
        sql`explain (analyze, costs off, timing off, buffers off) ${query}`,
      );
      console.log([`\n${title}:`, ...plan.map((it) => it["QUERY PLAN"])].join("\n"));
      return [{}];
    },
  };
  await ask(explaining as unknown as Queryable);
}

async function timeQuestions(gateway: TestGateway): Promise<BenchRow[]> {
  const { db, sql: query } = gateway.database.as("gateway", { max: 1 });
  const [prof] = await query<{ id: string }[]>`select id from users where username = 'prof'`;
  const userId = prof?.id ?? "";
  const page = { limit: 51, cursor: null };
  const environmentList = () => listEnvironments(db, userId, page);
  const catalogue = () => readCatalogue(db, userId);
  const own = () => listOwnExperiments(db, userId, { ...page, search: "" });
  const start = () =>
    mayStart(db, { userId, environment: "env-3", version: null, experiment: null });
  const { environments: opened, experiments: theirs, last } = await catalogue();
  const ways = opened.flatMap((it) => it.experiments).length;
  if (opened.length < 40 || ways < ownExperiments || theirs.length !== ownExperiments || !last)
    throw new Error("the catalogue is not what it should be");
  if ((await own()).length !== 51) throw new Error("the experiments are not what they should be");
  await showPlan("The plan of the catalogue's page", (seen) => readCatalogue(seen, userId), db);
  const rows: BenchRow[] = [];
  for (const [name, ask] of Object.entries({
    "catalogue's page": catalogue,
    environments: environmentList,
    "own experiments": own,
    "may start": start,
  })) {
    const ms = await timed(50, ask);
    rows.push({
      name: `${name}, ${ownExperiments} experiments of ${experiments}, answer read`,
      ours: ms,
      unit: "ms",
      goal: "≤ 20 ms",
      pass: ms <= 20,
    });
  }
  return rows;
}

const crowd = 100_000;

/** Lists of administrators, each at 100,000 rows: the first page, one far in, and a search that finds little. */
async function timeLists({ database, signIn }: TestGateway): Promise<BenchRow[]> {
  // Nobody is told of these.
  await database.owner.sql.unsafe(`
    set statement_timeout = 0;
    alter table instances disable trigger user;
    insert into users (username, display_name, email, created_at, last_sign_in_at)
      select 'u' || n, 'Person Number ' || n, 'u' || n || '@example.org', now() - n * interval '1 minute',
        case when n % 3 > 0 then now() - n % 5000 * interval '1 minute' end
      from generate_series(1, ${crowd}) n;
    insert into sign_ins (user_id, token_hash, kind, name, scopes, created_at, last_seen_at, expires_at)
      select id, sha256(username::bytea), 'token', 'Script of ' || username, '{read}', created_at,
        created_at + length(username) % 2 * interval '1 hour', now() + interval '90 days'
      from users where username like 'u%';
    insert into experiments (code, beamline_id, title, starts_at, ends_at)
      select 'X' || n, b.id, 'Late experiment ' || n, now() - n * interval '1 hour', now() - (n - 1) * interval '1 hour'
      from generate_series(1, ${crowd}) n join beamlines b on b.code = 'B' || n % ${beamlines};
    insert into instances (name, environment_id, version_id, owner_id, experiment_id, state, desired, created_at)
      select 'Desk ' || n, v.environment_id, v.id, u.id, x.id, 'stopped', 'stopped', now() - n * interval '1 minute'
      from generate_series(1, ${crowd}) n join users u on u.username = 'u' || n
      join experiments x on x.code = 'X' || n cross join (select id, environment_id from versions limit 1) v;
    insert into audit (actor_name, action, outcome, subject_kind, subject_id, request_id, detail)
      select 'u' || n % 500, 'instance.start', 'allowed', 'instance', gen_random_uuid()::text, gen_random_uuid()::text,
        jsonb_build_object('environment', 'env-' || n % 60) from generate_series(1, ${crowd}) n;
    alter table instances enable trigger user;`);
  await database.owner.sql`analyze`;
  const browser = await signIn("root");
  const rows: BenchRow[] = [];
  for (const [name, path, search] of [
    ["people", "/api/admin/users?", "number 77777"],
    ["people by last sign-in", "/api/admin/users?sort=-lastSignInAt&", "number 77777"],
    ["people by age", "/api/admin/users?sort=createdAt&", "number 77777"],
    ["tokens", "/api/admin/tokens?", "u77777"],
    ["tokens by last use", "/api/admin/tokens?sort=-lastUsedAt&", "u77777"],
    ["tokens by end", "/api/admin/tokens?sort=expiresAt&", "u77777"],
    ["tokens by person", "/api/admin/tokens?sort=-person&", "u77777"],
    ["experiments", "/api/admin/experiments?", "experiment 77777"],
    ["instances", "/api/admin/instances?", "desk 77777"],
    ["audit", "/api/admin/audit?", "env-59"],
  ] as const) {
    const ask = async (query: string) => {
      const { status, body } = await browser.call("GET", `${path}limit=50&${query}`);
      if (status !== 200 || body.items.length === 0) throw new Error(`${path}?${query}: ${status}`);
      return body["nextCursor"] as string | null;
    };
    let far = "";
    for (let page = 0; page < 20; page++)
      far = `cursor=${encodeURIComponent(String(await ask(far)))}`;
    for (const [what, query] of [
      ["first page", ""],
      ["page 21", far],
      ["search", `search=${encodeURIComponent(search)}`],
    ] as const) {
      const ms = await timed(15, () => ask(query));
      const limit = what === "search" ? 300 : 50;
      rows.push({
        name: `${name} at ${crowd} rows, ${what}, by HTTP`,
        ours: ms,
        unit: "ms",
        goal: `≤ ${limit} ms`,
        pass: ms <= limit,
      });
    }
  }
  return rows;
}

const syncRow = (name: string, seconds: number): BenchRow => ({
  name: `${name}, ${experiments} experiments × ${membersEach}`,
  ours: seconds,
  unit: "s",
  goal: "≤ 60 s",
  pass: seconds <= 60,
});

export const benchExperiments = (): Promise<BenchRow[]> =>
  withBenchGateway(async (gateway) => {
    await gateway.addUser("root", ["admin"]);
    const browser = await gateway.signIn("root");
    const rows = [
      syncRow("user office's sync", await syncAll(browser)),
      syncRow("the same again", await syncAll(browser)),
    ];
    await openEnvironments(gateway);
    rows.push(...(await timeQuestions(gateway)));
    return [...rows, ...(await timeLists(gateway))];
  });
