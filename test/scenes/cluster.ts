/** A site of forty nodes with GPUs, labels, images and desktops, beside the stage's own. Nobody stands behind them. */
import { sql } from "drizzle-orm";
import type { Stage } from "../stage.ts";
import { longName } from "./people.ts";

const gib = 1024 ** 3;

const nodes = (stage: Stage) =>
  stage.db.execute(sql`
  insert into nodes (name, reported_labels, set_labels, cpus, memory_bytes, ready, schedulable, draining,
    hold_by_name, hold_reason, hold_at, reason_code, reason_text, clock_skew_ms, disk_total_bytes,
    disk_free_bytes, last_seen_at)
  select 'cluster-' || lpad(n::text, 2, '0'),
    jsonb_build_object('asci.gpu.model', 'a40', 'asci.os', 'flatcar', 'facility.example/beamline', 'imaging-and-medical'),
    case when n % 4 = 3 then '{}'::jsonb else jsonb_build_object('zone', 'hall-' || n % 3) end,
    -- Too small for what the other scenes have waiting, and taken to the last core.
    (array[32, 16, 24])[1 + n % 3], (array[256, 128, 512])[1 + n % 3] * ${gib}::bigint,
    n % 10 <> 9, n % 10 <> 7, n % 10 = 5,
    case when n % 10 in (5, 7) then 'ada' end,
    case when n % 10 = 5 then 'new kernel, back on Tuesday morning when the reboot of the rack is done' end,
    case when n % 10 in (5, 7) then now() - interval '95 minutes' end,
    case when n % 10 = 9 then 'engine_unreachable' end, case when n % 10 = 9 then 'The engine does not answer.' end,
    case when n = 5 then 3700000 else 12 end, 2000 * ${gib}::bigint, (100 + n * 20) * ${gib}::bigint,
    case when n = 10 then now() - interval '34 minutes' else now() + interval '100 years' end
  from generate_series(1, 40) n on conflict (name) do nothing`);

const gpus = (stage: Stage) =>
  stage.db.execute(sql`
  insert into node_gpus (node_id, uuid, model, memory_bytes, slots, set_slots, present)
  select n.id, 'GPU-' || md5(n.name || g), 'NVIDIA A40', 48 * ${gib}::bigint, 1, case when g = 1 then 4 end,
    not (n.name = 'cluster-01' and g = 4)
  from nodes n, generate_series(1, 4) g
  where n.name like 'cluster-%' and right(n.name, 1) <> '2' on conflict do nothing`);

const images = (stage: Stage) =>
  stage.db.execute(sql`
  insert into node_images (node_id, version_id, wanted, wanted_because, state, done_bytes, total_bytes,
    size_bytes, reason_code, reason_text, changed_at)
  select n.id, v.id, nth % 5 <> 4, 'started 14 times in the last week',
    (array['pulling', 'present', 'failed', 'absent', 'present'])[1 + nth % 5],
    case when nth % 5 = 0 then 1200000000 end, case when nth % 5 = 0 then 4600000000 end,
    case when nth % 5 in (1, 4) then 4400000000 end, case when nth % 5 = 2 then 'disk_full' end,
    case when nth % 5 = 2 then 'the limit on disk for images is reached' end, now() - nth * interval '50 minutes'
  from nodes n, (select id, (row_number() over (order by id))::int - 1 as nth from versions limit 8) v
  where n.name in ('cluster-01', 'cluster-05') on conflict do nothing`);

/** Desktops of one node: so many, of several people, from now back. */
async function desktops(
  stage: Stage,
  node: string,
  count: number,
  people: string[],
): Promise<void> {
  const names = ["Tomography", "Crystallography", "Volume viewer", "Notebook"];
  for (let n = 0; n < count; n += 1) {
    const id = await stage.addDesktop(people[n % people.length] ?? "", {
      environment: names[n % names.length] ?? "Tomography",
      ...(n === 1 ? { name: longName } : {}),
      state: n % 7 === 6 ? "paused" : "running",
      minutesAgo: 4 + n * 77,
    });
    await move(stage, id, node, n);
  }
}

/** From the stage's node to another one, with what it holds there and how it came there. */
async function move(stage: Stage, id: string, node: string, n: number): Promise<void> {
  const placement = {
    node,
    strategy: "spread",
    at: new Date(Date.now() - (4 + n * 77) * 60_000).toISOString(),
    rules: ["Tomography prefers A40", "Students: two desktops, no GPU"],
    filtered: { ready: 2, labels: 9, gpus: 3, draining: 2 },
    best: [
      {
        node,
        score: 62,
        lines: [
          { rule: "Tomography prefers A40: zone=hall-2", points: 10 },
          { rule: "image present", points: 20 },
          { rule: "spread", points: 32 },
        ],
      },
      { node: "cluster-08", score: 41.5, lines: [{ rule: "spread", points: 41.5 }] },
      {
        node: "hall-2-reconstruction-node-0011.beamline.facility.example",
        score: 12,
        lines: [{ rule: "spread", points: 12 }],
      },
    ],
  };
  const cpus = [1, 0.5, 0.25][n % 3] ?? 1;
  const on = sql`(select id from nodes where name = ${node})`;
  await stage.db.transaction(async (tx) => {
    await tx.execute(sql`update instances set node_id = ${on}, placement = ${JSON.stringify(placement)}::jsonb,
      experiment_id = (select id from experiments where code = ${n % 2 === 0 ? "20004" : "20005"}) where id = ${id}`);
    await tx.execute(sql`update incarnations set node_id = ${on}, cpus = ${cpus}, memory_bytes = ${4 * gib}
      where instance_id = ${id}`);
    await tx.execute(sql`update allocations set node_id = ${on}, cpus = ${cpus},
      created_at = now() - ${`${4 + n * 77} minutes`}::interval where instance_id = ${id}`);
    await tx.execute(sql`
      with g as (
        insert into allocation_gpus (instance_id, node_id, uuid, slot, memory_bytes)
        select ${id}, node_id, uuid, ${Math.floor(n / 3)}::int % 4, 12 * ${gib}::bigint from node_gpus
        where node_id = ${on} and uuid = 'GPU-' || md5(${node} || '1') and ${n < 9 && n % 3 === 0}
        on conflict do nothing returning instance_id, uuid, memory_bytes
      )
      update incarnations i set gpus = jsonb_build_array(jsonb_build_object('uuid', g.uuid, 'memoryBytes', g.memory_bytes))
      from g where i.instance_id = g.instance_id`);
  });
}

/** The rest of each node is taken: nothing that another scene starts finds a place there. */
async function fill(stage: Stage, owner: string): Promise<void> {
  const free = await stage.db.execute<{ name: string; cpus: number }>(sql`
    select n.name, (n.cpus - coalesce(sum(a.cpus), 0) - 0.2)::float8 as cpus from nodes n
    left join allocations a on a.node_id = n.id where n.name like 'cluster-%' and n.name <> 'cluster-12'
    group by n.id`);
  for (const { name, cpus } of free) {
    const id = await stage.addDesktop(owner, {
      environment: "MATE desktop",
      state: "running",
      minutesAgo: 300,
    });
    await move(stage, id, name, 300);
    await stage.db.execute(sql`update allocations set cpus = ${cpus} where instance_id = ${id}`);
    await stage.db.execute(sql`update incarnations set cpus = ${cpus} where instance_id = ${id}`);
  }
}

const built = new WeakMap<Stage, Promise<void>>();

async function build(stage: Stage): Promise<void> {
  const [owner, ...people] = await Promise.all(
    ["c0", "c1", "c2", "c3", "c4"].map((name) =>
      stage.addPerson(`crowd-${name}`, { displayName: `Crowd ${name}` }),
    ),
  );
  // Within every limit of the scenes' rules: it waits for room and for nothing else.
  await stage.addPerson("crowd-large", {
    displayName: "Crowd large",
    desktops: [{ environment: "Notebook", state: "queued", minutesAgo: 1 }],
  });
  await nodes(stage);
  await gpus(stage);
  await images(stage);
  await desktops(stage, "cluster-01", 8, people);
  await desktops(stage, "cluster-03", 40, people);
  await desktops(stage, "cluster-05", 3, people);
  await desktops(stage, "cluster-10", 2, people);
  await fill(stage, owner ?? "");
  await stage.db.execute(sql`
    update nodes set schedulable = false where name = 'cluster-12'`);
}

/** Once for each stage: the first scene that looks at it waits for it. */
export function setCluster(stage: Stage): Promise<void> {
  const known = built.get(stage) ?? build(stage);
  built.set(stage, known);
  return known;
}
