/**
 * Two thousand starts within ten seconds on two hundred nodes: the real placer's loop against a real
 * Postgres, and nodes whose controllers claim work and report as real ones do. A third of the starts has
 * to wait until others end.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { generatePassword, startPostgres } from "../cli/postgres.ts";
import { startLoop, type Loop } from "../controller/loop.ts";
import { placeQueue } from "../controller/placer.ts";
import { listen } from "../db/listen.ts";
import { insertInstance, wishInstance } from "../db/instances.ts";
import { migrate } from "../db/migrate.ts";
import { createTestDatabase, templateDatabase, type TestDatabase } from "../db/testing.ts";
import { RacingNode } from "../test/racing-node.ts";
import { median, quantile } from "./figures.ts";
import { lagsOf, type Happened, type NodeRoom } from "./queue-lag.ts";
import type { BenchRow } from "./relay.ts";
import { gib } from "./scheduler-site.ts";

const nodes = 200;
const starts = 2_000;
const withinMs = 10_000;
const people = 500;
/** How long each desktop is used. */
const useMs = 8_000;
const deadlineMs = 240_000;
const nodeSize = { cpus: 12, memoryBytes: 48 * gib };
/** How often of ten, and what; the last one only in one half of the site. */
const environments = [
  { of10: 6, slug: "small", cpus: 1, memoryBytes: 2 * gib, zone: null },
  { of10: 3, slug: "middle", cpus: 2, memoryBytes: 8 * gib, zone: null },
  { of10: 1, slug: "large", cpus: 6, memoryBytes: 24 * gib, zone: "a" },
] as const;

const log = {
  info: () => {},
  warn: () => {},
  error: (...told: unknown[]) => console.error(...told),
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Site {
  readonly database: TestDatabase;
  readonly nodes: readonly NodeRoom[];
  readonly users: readonly string[];
  readonly versions: readonly {
    readonly slug: string;
    readonly environment: string;
    readonly version: string;
  }[];
}

async function fill(database: TestDatabase): Promise<Site> {
  const { db } = database.owner;
  await db.execute(sql`
    insert into nodes (name) select 'bench-' || to_char(n, 'FM000') from generate_series(1, ${nodes}) n`);
  const made = await db.execute<{ id: string; name: string }>(sql`
    select id, name from nodes where name like 'bench-%' order by name`);
  const users = await db.execute<{ id: string }>(sql`
    insert into users (username, display_name)
    select 'p' || n, 'Person ' || n from generate_series(1, ${people}) n returning id`);
  for (const { slug, cpus, memoryBytes } of environments)
    await db.execute(sql`
      with e as (
        insert into environments (slug, name, kind, cpus, memory_bytes)
        values (${slug}, ${slug}, 'desktop', ${cpus}, ${memoryBytes}) returning id
      ), opened as (insert into entitlements (environment_id, kind) select id, 'everyone' from e)
      insert into versions (environment_id, tag, image, digest) select id, '1', 'none', 'none' from e`);
  await db.execute(sql`
    insert into rules (name, priority, conditions, effects) values
      ('large ones in zone a', 5, '{"environment": "large"}', '{"require": "zone=a"}'),
      ('small ones together', 0, '{"environment": "small"}', '{"strategy": "pack"}')`);
  const versions = await db.execute<Site["versions"][number]>(sql`
    select e.slug, e.id as environment, v.id as version from environments e
    join versions v on v.environment_id = e.id`);
  const rooms = made.map(({ id }, at) => ({ id, ...nodeSize, zone: at % 2 === 0 ? "a" : "b" }));
  return { database, nodes: rooms, users: users.map((it) => it.id), versions };
}

/** Its controller claims every two seconds, as one does that is not poked. */
async function startNodes(site: Site, ended: AbortSignal): Promise<Promise<void>[]> {
  const { db } = site.database.owner;
  const all = site.nodes.map((it) => ({ it, node: new RacingNode(it.id, db) }));
  for (const { it, node } of all) {
    const { cpus, memoryBytes, zone } = it;
    await node.register({ cpus, memoryBytes, labels: { zone } });
    await node.work(0, "none");
  }
  return all.map(async ({ node }, at) => {
    await pause((2000 * at) / nodes);
    while (!ended.aborted) {
      const began = performance.now();
      await node.work(20, "none");
      await pause(Math.max(0, 2000 - (performance.now() - began)));
    }
  });
}

interface Watched {
  /** By instance, when its place was seen after the placer's round. */
  readonly placed: Map<string, { readonly at: number; readonly nodeId: string }>;
  /** Nodes that were found to hold more than they have. */
  overbooked: number;
  rounds: number[];
}

/** Looks after each of the placer's rounds, in one snapshot, at what is held. */
async function look({ database }: Site, watched: Watched): Promise<void> {
  const { db } = database.owner;
  const held = await db.execute<{
    instance: string;
    node: string;
    cpus: number;
    memory: number;
  }>(sql`
    select instance_id as instance, node_id as node, cpus, memory_bytes as memory from allocations`);
  const at = Date.now();
  const sums = new Map<string, { cpus: number; memory: number }>();
  for (const it of held) {
    if (!watched.placed.has(it.instance)) watched.placed.set(it.instance, { at, nodeId: it.node });
    const { cpus = 0, memory = 0 } = sums.get(it.node) ?? {};
    sums.set(it.node, { cpus: cpus + it.cpus, memory: memory + Number(it.memory) });
  }
  for (const { cpus, memory } of sums.values())
    if (cpus > nodeSize.cpus + 1e-3 || memory > nodeSize.memoryBytes) watched.overbooked += 1;
}

function startPlacing(site: Site, watched: Watched): { loop: Loop; close(): Promise<void> } {
  const { db } = site.database.as("placer", { max: 2 });
  const run = async () => {
    const began = performance.now();
    const placed = await placeQueue(db);
    watched.rounds.push(performance.now() - began);
    if (placed > 0) await look(site, watched);
  };
  const loop = startLoop({ name: "place", periodMs: 2000, run }, log);
  const activate = () => loop.activate();
  const listener = listen(site.database.urls.placer, { asci_queue: activate }, activate);
  return {
    loop,
    close: async () => {
      await listener.close();
      await loop.stop();
    },
  };
}

function environmentOf(at: number) {
  let left = (at * 7) % 10;
  for (const it of environments) {
    left -= it.of10;
    if (left < 0) return it;
  }
  return environments[0];
}

interface Start {
  readonly id: string;
  readonly userId: string;
  readonly environment: (typeof environments)[number];
}

/** Everybody clicks, evenly over the ten seconds. */
async function startAll(site: Site): Promise<{ all: Start[]; tookMs: number }> {
  const { db } = site.database.as("gateway", { max: 8 });
  const began = performance.now();
  const all: Start[] = [];
  const start = async (at: number) => {
    const environment = environmentOf(at);
    const version = site.versions.find((it) => it.slug === environment.slug);
    const userId = site.users[(at * 37) % people];
    if (!version || !userId) throw new Error("the site is not what it should be");
    const { environment: environmentId, version: versionId } = version;
    const wish = { userId, environmentId, versionId, name: `start ${at}`, experimentId: null };
    all.push({ id: await insertInstance(db, wish), userId, environment });
  };
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let at = lane; at < starts; at += 8) {
      await pause(Math.max(0, (withinMs * at) / starts - (performance.now() - began)));
      await start(at);
    }
  });
  await Promise.all(lanes);
  return { all, tookMs: performance.now() - began };
}

/** Everybody stops a desktop when they have used it. */
async function stopUsed(
  site: Site,
  watched: Watched,
  all: readonly Start[],
  ended: AbortSignal,
): Promise<void> {
  const { db } = site.database.as("gateway", { max: 8 });
  const stopped = new Set<string>();
  while (!ended.aborted) {
    const due = all.filter(({ id }) => {
      const placed = watched.placed.get(id);
      return !stopped.has(id) && placed && Date.now() - placed.at > useMs;
    });
    await Promise.all(
      due.map(async ({ id, userId }) => {
        const wish = { by: { owner: userId }, instanceId: id, action: "stop" as const };
        if ((await wishInstance(db, wish)).kind === "accepted") stopped.add(id);
      }),
    );
    await pause(100);
  }
}

async function happenings(
  site: Site,
  watched: Watched,
  all: readonly Start[],
): Promise<Happened[]> {
  const rows = await site.database.owner.db.execute<{
    id: string;
    queued: number;
    ended: number | null;
  }>(sql`
    select id, (extract(epoch from queued_at) * 1000)::float8 as queued,
      (extract(epoch from ended_at) * 1000)::float8 as ended from instances`);
  const times = new Map(rows.map((it) => [it.id, it]));
  return all.flatMap(({ id, environment }) => {
    const [placed, time] = [watched.placed.get(id), times.get(id)];
    if (!placed || !time) return [];
    const { cpus, memoryBytes, zone } = environment;
    const at = { queuedAt: time.queued, placedAt: placed.at, freedAt: time.ended ?? Infinity };
    return [{ nodeId: placed.nodeId, cpus, memoryBytes, zone, ...at }];
  });
}

async function play(site: Site): Promise<BenchRow[]> {
  const watched: Watched = { placed: new Map(), overbooked: 0, rounds: [] };
  const ended = new AbortController();
  const controllers = await startNodes(site, ended.signal);
  const placer = startPlacing(site, watched);
  const { all, tookMs } = await startAll(site);
  const began = performance.now();
  const stopping = stopUsed(site, watched, all, ended.signal);
  while (watched.placed.size < starts && performance.now() - began < deadlineMs) await pause(200);
  await placer.close();
  ended.abort();
  await Promise.all([...controllers, stopping]);
  const lags = lagsOf(await happenings(site, watched, all), site.nodes);
  return rowsOf({ lags, tookMs, watched });
}

function rowsOf(it: { lags: readonly number[]; tookMs: number; watched: Watched }): BenchRow[] {
  const slowest = Math.max(...it.lags) / 1000;
  const what = `${starts} starts in ${(it.tookMs / 1000).toFixed(1)} s on ${nodes} nodes`;
  const placed = it.watched.placed.size;
  return [
    {
      name: `${what}: the slowest from placeable to placed, beside the median`,
      ours: slowest,
      peer: median(it.lags) / 1000,
      unit: "s",
      goal: "≤ 5 s",
      pass: slowest <= 5 && it.tookMs <= withinMs * 1.2,
    },
    {
      name: `${what}: placed`,
      ours: placed,
      peer: starts,
      unit: "starts",
      goal: "all",
      pass: placed === starts,
    },
    {
      name: `${what}: found with more than a node has`,
      ours: it.watched.overbooked,
      peer: 0,
      unit: "nodes",
      goal: "none",
      pass: it.watched.overbooked === 0,
    },
    {
      name: "the placer's rounds, the slowest of 100, beside the median",
      ours: quantile(it.watched.rounds, 0.99),
      peer: median(it.watched.rounds),
      unit: "ms",
      goal: "none",
      pass: true,
    },
  ];
}

export async function benchQueue(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "asci-bench-"));
  const server = await startPostgres({
    dataDir: join(folder, "data"),
    logFile: join(folder, "postgres.log"),
    password: generatePassword(),
  });
  try {
    const admin = postgres(server.url, { max: 1 });
    await admin.unsafe(`create database ${templateDatabase}`);
    await admin.end();
    const template = new URL(server.url);
    template.pathname = `/${templateDatabase}`;
    await migrate(template.href);
    const database = await createTestDatabase(server.url);
    try {
      return await play(await fill(database));
    } finally {
      await database.drop();
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
