import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { placeQueue } from "../../controller/placer.ts";
import { connect, type Db } from "../../db/client.ts";
import { LeaseLostError } from "../../db/errors.ts";
import { getInstanceSpec, reportReason, reportState, wishAll } from "../../db/node-instances.ts";
import { registerNode } from "../../db/nodes.ts";
import { seedCatalogue, type TestDatabase } from "../../db/testing.ts";
import { claimWork, finishWork, renewLease, wishAgain, type Lease } from "../../db/work.ts";
import { startTestGateway, type Browser, type TestGateway } from "../../gateway/testing.ts";

const instanceCount = 3;
const personCount = 6;
const wishesPerPerson = 80;
const beat = { ready: true, reasonCode: null, reasonText: null };

let gateway: TestGateway;
let database: TestDatabase;
let browsers: Browser[];
let ids: string[];
let epoch: number;
/** Whatever a part of the system was told when it should have been told nothing. */
const faults: unknown[] = [];

beforeAll(async () => {
  gateway = await startTestGateway(inject("postgresUrl"));
  ({ database } = gateway);
  const { username } = await seedCatalogue(database.owner.db, { cpus: 0.01 });
  const size = { cpus: 8, memoryBytes: 1e12, labels: {} };
  ({ epoch } = await registerNode(database.as("node").db, database.nodeId, size));
  await gateway.addUser("ada");
  browsers = await Promise.all(Array.from({ length: personCount }, () => gateway.signIn("ada")));
  const body = { environment: `env-${username}` };
  const started = await Promise.all(
    Array.from({ length: instanceCount }, () => browsers[0]?.call("POST", "/api/instances", body)),
  );
  ids = started.map((it) => String(it?.body["id"]));
});
afterAll(() => gateway.stop());

/** Half of the persons wish the opposite of the others at the same moment. @returns how many counted */
async function wish(browser: Browser, person: number): Promise<number> {
  let accepted = 0;
  for (let n = 0; n < wishesPerPerson; n++) {
    const id = ids[(n + person) % ids.length] ?? "";
    const action = (n + person) % 2 === 0 ? "stop" : "restart";
    const { status, body } = await browser.call("POST", `/api/instances/${id}/${action}`);
    if (status === 202) accepted += 1;
    else if (status !== 409) faults.push({ status, body, log: gateway.lines.slice(-3) });
  }
  return accepted;
}

/** What a controller reports where its engine does at once what it is told. */
async function workOn(db: Db, lease: Lease): Promise<void> {
  const spec = await getInstanceSpec(db, lease.subjectId);
  if (!spec) return finishWork(db, lease);
  await renewLease(db, lease, 30_000);
  const wanted = spec.desired === "running" && spec.wantedIncarnation === spec.incarnation;
  if (spec.state === "starting" && wanted) {
    await reportReason(db, lease, { code: "engine_error", text: "not yet" });
    await reportState(db, lease, { to: "running", reason: null });
  } else if (spec.state === "starting" || spec.state === "running") {
    if (!wanted) await reportState(db, lease, { to: "stopping" });
  } else if (spec.state === "stopping") {
    await reportState(db, lease, { to: "stopped" });
  }
  const now = await getInstanceSpec(db, lease.subjectId);
  if (now?.state === "stopped" && now.desired === "running")
    await reportState(db, lease, { to: "queued", reason: null });
  await finishWork(db, lease);
}

const claim = (db: Db) =>
  claimWork(db, { nodeId: database.nodeId, epoch, limit: 2, leaseMs: 30_000, beat });

async function claimAndWork(db: Db): Promise<void> {
  const leases = await claim(db);
  const ended = await Promise.allSettled(leases.map((it) => workOn(db, it)));
  for (const it of ended)
    if (it.status === "rejected" && !(it.reason instanceof LeaseLostError)) faults.push(it.reason);
}

async function repeat(act: () => Promise<unknown>, until: AbortSignal): Promise<void> {
  while (!until.aborted) await act().catch((error: unknown) => faults.push(error));
}

/** Deadlocks of this database so far. Sessions add theirs when they end, so they are ended. */
async function countDeadlocks(): Promise<number> {
  const reader = connect(database.ownerUrl, { max: 1 });
  await reader.sql`
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  const [row] = await reader.sql<{ deadlocks: number }[]>`
    select deadlocks from pg_stat_database where datname = current_database()`;
  await reader.close();
  return row?.deadlocks ?? Number.NaN;
}

describe("opposite wishes at the same moment as reports, claims and placements", () => {
  it("never deadlock, reach nobody as an error, and are all worked on", async () => {
    const before = await countDeadlocks();
    const nodes = Array.from({ length: 3 }, () => database.as("node", { max: 4 }).db);
    const placers = Array.from({ length: 2 }, () => database.as("placer", { max: 1 }).db);
    const [node, placer] = [nodes[0] as Db, placers[0] as Db];
    const over = new AbortController();
    const background = [
      ...nodes.map((db) => repeat(() => claimAndWork(db), over.signal)),
      ...placers.map((db) => repeat(() => placeQueue(db), over.signal)),
      repeat(() => wishAll(node, database.nodeId, ids), over.signal),
      repeat(() => wishAgain(node, database.nodeId, ids.toReversed()), over.signal),
    ];
    const accepted = await Promise.all(browsers.map(wish));
    over.abort();
    await Promise.all(background);
    expect(faults).toEqual([]);
    expect(Math.min(...accepted)).toBeGreaterThan(0);

    // Nothing is wished any more: what is due is worked off, and then nothing is.
    let leases: Lease[];
    do {
      await placeQueue(placer);
      leases = await claim(node);
      for (const lease of leases) await workOn(node, lease);
    } while (leases.length > 0);
    const rows = await database.owner.db.execute<Record<string, unknown>>(sql`
      select i.state, i.desired, w.wanted - w.done as open,
        i.desired <> 'running' or i.incarnation = i.wanted_incarnation as newest,
        (select count(*)::int from allocations a where a.instance_id = i.id) as allocations
      from instances i join work w on w.subject_id = i.id`);
    const running = { state: "running", desired: "running", open: 0, newest: true, allocations: 1 };
    const stopped = { state: "stopped", desired: "stopped", open: 0, newest: true, allocations: 0 };
    expect(rows).toHaveLength(instanceCount);
    for (const row of rows) expect([running, stopped]).toContainEqual(row);
    expect((await countDeadlocks()) - before).toBe(0);
  });
});
