/** Rules' preview and list, use over time, and whether there is room, at a large site's size, by HTTP. */
import type { Browser, TestGateway } from "../gateway/testing.ts";
import { median } from "./figures.ts";
import { withBenchGateway } from "./gateway-site.ts";
import type { BenchRow } from "./relay.ts";

const nodes = 200;
const pastRequests = 2_000;
const queued = 200;
const rules = 50;
const incarnations = 100_000;

/** Four zones; every other node has two GPUs that four may share each. */
async function seedSite({ database }: TestGateway): Promise<void> {
  await database.owner.sql.unsafe(`
    set statement_timeout = 0;
    update nodes set name = 'node-0';
    insert into nodes (name) select 'node-' || n from generate_series(1, ${nodes - 1}) n;
    update nodes set ready = true, last_seen_at = now() + interval '1 day', cpus = 32, memory_bytes = 128e9,
      set_labels = jsonb_build_object('zone', 'b' || (substr(name, 6)::int % 4), 'gpu', substr(name, 6)::int % 2 = 0);
    insert into node_gpus (node_id, uuid, model, memory_bytes, slots)
      select id, 'GPU-' || name || '-' || g, 'A100', 40e9, 4 from nodes, generate_series(1, 2) g
      where substr(name, 6)::int % 2 = 0;
    insert into users (username, display_name) select 'p' || n, 'p' || n from generate_series(1, 500) n;
    insert into beamlines (code, name) select 'B' || n, 'B' || n from generate_series(1, 20) n;
    insert into experiments (code, beamline_id, starts_at, ends_at)
      select 'X' || n, b.id, now() - interval '20 days', now() + interval '1 day'
      from generate_series(1, 500) n join beamlines b on b.code = 'B' || (n % 20 + 1);
    insert into environments (slug, name, kind, cpus, memory_bytes, gpus, gpu_memory_bytes)
      select 'env-' || n, 'env-' || n, 'desktop', 1 + n % 4, 4e9, n % 2, case when n % 4 = 1 then 10e9 end
      from generate_series(0, 19) n;
    insert into versions (environment_id, tag, image, digest) select id, '1', 'x', 'x' from environments;
    insert into entitlements (environment_id, kind) select id, 'everyone' from environments;
    analyze`);
}

/** So many starts of the last days, each of a few hours, in instances of their own. */
const seedStarts = ({ database }: TestGateway, count: number, days: number) =>
  database.owner.sql.unsafe(`
    set statement_timeout = 0;
    alter table instances disable trigger user;
    with made as (
      insert into instances (name, environment_id, version_id, owner_id, experiment_id, state, desired, node_id, ended_at, created_at, queued_at)
      select 'Past', e.id, v.id, u.id, x.id, 'stopped', 'stopped', d.id, now(), t.at, t.at
      from (select n, now() - (n::float8 / ${count}) * interval '${days} days' as at from generate_series(1, ${count}) n) t
      join environments e on e.slug = 'env-' || t.n % 20 join versions v on v.environment_id = e.id
      join users u on u.username = 'p' || (t.n % 500 + 1) join experiments x on x.code = 'X' || (t.n % 500 + 1)
      join nodes d on d.name = 'node-' || t.n % ${nodes}
      returning id, node_id, created_at
    )
    insert into incarnations (instance_id, number, node_id, vnc_control, vnc_view, queued_at, placed_at, ended_at, cpus, memory_bytes, gpus)
    select m.id, 1, m.node_id, 'a', 'b', m.created_at, m.created_at, least(now(), m.created_at + interval '4 hours'), 2, 4e9,
      coalesce((select jsonb_agg(jsonb_build_object('uuid', g.uuid, 'memoryBytes', 10000000000))
        from node_gpus g where g.node_id = m.node_id and g.uuid like '%-1'), '[]')
    from made m;
    alter table instances enable trigger user;
    analyze`);

const seedQueue = ({ database }: TestGateway) =>
  database.owner.sql.unsafe(`
    insert into instances (name, environment_id, version_id, owner_id, experiment_id, state, queued_at)
    select 'Waits', e.id, v.id, u.id, x.id, 'queued', now() - n * interval '1 minute'
    from generate_series(1, ${queued}) n join environments e on e.slug = 'env-' || n % 20
    join versions v on v.environment_id = e.id join users u on u.username = 'p' || (n % 500 + 1)
    join experiments x on x.code = 'X' || (n % 500 + 1)`);

async function addRules(browser: Browser): Promise<void> {
  for (let n = 0; n < rules; n++) {
    const { status, body } = await browser.call("POST", "/api/admin/rules", {
      name: `Rule ${n}`,
      priority: n,
      when: n % 3 === 0 ? { environment: `env-${n % 20}` } : { beamline: `B${(n % 20) + 1}` },
      then: {
        ...(n % 5 === 0 ? { require: "zone in (b0,b1,b2)" } : {}),
        prefer: [{ selector: `zone=b${n % 4}`, weight: 20 }],
        limits: { perPerson: 20 },
      },
      confirm: true,
    });
    if (status !== 201) throw new Error(JSON.stringify(body));
  }
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

const row = (name: string, ms: number, limit: number): BenchRow => ({
  name,
  ours: ms,
  unit: "ms",
  goal: `≤ ${limit} ms`,
  pass: ms <= limit,
});

async function timeRules(browser: Browser): Promise<BenchRow[]> {
  const preview = async () => {
    const then = { require: "zone=b3", strategy: "pack" };
    const { status, body } = await browser.call("POST", "/api/admin/rules/preview", {
      draft: { name: "Draft", priority: 99, enabled: true, when: { environment: "env-1" }, then },
      request: { environment: "env-1", user: "p1", experiment: "X1" },
    });
    const { looked, whatIf } = body as {
      looked?: { past: number; queued: number };
      whatIf?: object;
    };
    if (status !== 200 || looked?.past !== pastRequests || looked.queued !== queued || !whatIf)
      throw new Error(`${status}: ${JSON.stringify(looked ?? body)}`);
  };
  const get = (path: string) => async () => {
    const { status, body } = await browser.call("GET", path);
    if (status !== 200) throw new Error(JSON.stringify(body));
  };
  const size = `${nodes} nodes, ${rules} rules`;
  return [
    row(
      `preview of ${pastRequests} past requests, ${queued} queued, ${size}`,
      await timed(5, preview),
      2_000,
    ),
    row(
      `rules with their starts of a week, ${pastRequests} of them`,
      await timed(9, get("/api/admin/rules?limit=50")),
      300,
    ),
    row(
      `is there room, ${queued} queued, ${size}`,
      await timed(9, get("/api/environments/env-1/availability")),
      500,
    ),
  ];
}

async function timeUse(browser: Browser): Promise<BenchRow[]> {
  const month = `from=${new Date(Date.now() - 28 * 86_400_000).toISOString()}`;
  const rows: BenchRow[] = [];
  for (const by of ["node", "gpu", "beamline"]) {
    const ask = async () => {
      const { status, body } = await browser.call("GET", `/api/admin/use?by=${by}&${month}`);
      const { series = [] } = body as { series?: { instances: number[] }[] };
      if (status !== 200 || !series.some((it) => it.instances.some((one) => one > 0)))
        throw new Error(`${by}: ${status}`);
    };
    rows.push(
      row(`use by ${by} over 28 days, ${incarnations} incarnations`, await timed(5, ask), 1_000),
    );
  }
  return rows;
}

export const benchRules = (): Promise<BenchRow[]> =>
  withBenchGateway(async (gateway) => {
    await gateway.addUser("root", ["admin", "user"]);
    const browser = await gateway.signIn("root");
    await seedSite(gateway);
    await seedStarts(gateway, pastRequests, 6);
    await seedQueue(gateway);
    await addRules(browser);
    const rows = await timeRules(browser);
    await seedStarts(gateway, incarnations - pastRequests, 28);
    return [...rows, ...(await timeUse(browser))];
  });
