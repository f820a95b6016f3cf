/** Starts that wait for an image, at a controller's real runner and puller; the engine's address records. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterEach, beforeEach, expect, inject, it } from "vitest";
import { until } from "../cli/until.ts";
import { getInstance, insertInstance, wishInstance } from "../db/instances.ts";
import { registerNode, type NodeStart } from "../db/nodes.ts";
import {
  createTestDatabase,
  seedCatalogue,
  type Seeded,
  type TestDatabase,
} from "../db/testing.ts";
import { claimWork } from "../db/work.ts";
import { startRecordingEngine, type RecordingEngine } from "../test/recording-engine.ts";
import { createBackground } from "./background.ts";
import { ImagePuller } from "./image-puller.ts";
import type { Log } from "./log.ts";
import { placeQueue } from "./placer.ts";
import { Rooms } from "./rooms.ts";
import { DockerImages } from "./runtimes/docker-images.ts";
import { DockerRuntime } from "./runtimes/docker.ts";
import { Slots } from "./slots.ts";
import { openStorage, type Storages } from "./storage/storage.ts";
import { createWorkRunner, type WorkRunner } from "./work-runner.ts";

const gib = 1024 ** 3;
const slotCount = 2;
const leaseMs = 60_000;

let database: TestDatabase;
let seeded: Seeded;
let engine: RecordingEngine;
let pulls: PromiseWithResolvers<void>;
let folder: string;
let start: NodeStart;
let runner: WorkRunner;
let storage: Storages;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  const image = "registry.example/team/mate:1";
  seeded = await seedCatalogue(database.owner.db, { cpus: 1, memoryBytes: gib, image });
  pulls = Promise.withResolvers();
  engine = await startRecordingEngine({ info: { ID: "e" }, pulls: pulls.promise });
  folder = await mkdtemp(join(tmpdir(), "asci-waiting-"));
  runner = await startRunner();
});
afterEach(async () => {
  pulls.resolve();
  await runner.stop(0);
  storage.homes.close();
  storage.data.close();
  await engine.close();
  await rm(folder, { recursive: true });
  await database.drop();
});

async function startRunner(): Promise<WorkRunner> {
  const { nodeId } = database;
  const { db } = database.as("node");
  const report = { cpus: 8, memoryBytes: 64 * gib, labels: {} };
  start = { nodeId, epoch: (await registerNode(db, nodeId, report)).epoch };
  storage = { homes: openStorage(1), data: openStorage(1) };
  const log: Log = { info() {}, warn() {}, error() {} };
  const docker = new Docker({ socketPath: engine.socketPath });
  const own = { installationId: database.installationId, nodeId, network: "asci-none" };
  const site = {
    store: new DockerImages(docker, docker),
    limits: { maxBytes: undefined, minFreeBytes: 0 },
    makeRoom: () => Promise.resolve(false),
  };
  const hands = {
    db,
    runtime: new DockerRuntime(docker, own),
    roots: { runDir: folder, relayGid: 0 },
    rooms: new Rooms(folder),
    stockUp: () => {},
    storage,
    sites: { homes: "", makesHomes: false, data: undefined, makesData: false },
    images: new ImagePuller({ db, start, site, log }),
    slots: new Slots(slotCount, () => {}),
    timezone: "UTC",
    limits: { pids: 1024, nodeCpus: 8, cpus: 7 },
    circumstances: { engineAway: () => false, bootedAt: new Date() },
    answerMs: 30_000,
    background: createBackground(log).run,
  };
  return createWorkRunner({ hands, log, leaseMs });
}

/** As the controller's loop does it. @returns how many were taken */
async function claim(): Promise<number> {
  const beat = { ready: true, reasonCode: null, reasonText: null };
  const { db } = database.as("node", { max: 1 });
  const leases = await claimWork(db, { ...start, limit: runner.free, leaseMs, beat });
  runner.take(leases);
  return leases.length;
}
async function place(count: number): Promise<string[]> {
  const gateway = database.as("gateway", { max: 1 }).db;
  const ids = [];
  for (let n = 0; n < count; n++)
    ids.push(await insertInstance(gateway, { ...seeded, name: `n${n}`, experimentId: null }));
  await database.owner.sql`update nodes set ready = true, last_seen_at = now() + interval '1 hour'`;
  await placeQueue(database.as("placer", { max: 1 }).db);
  return ids;
}
const look = (id: string) => getInstance(database.owner.db, seeded.userId, id);
const untilReason = (id: string, code: string) =>
  until(`${id} says ${code}`, async () => (await look(id))?.reason?.code === code);

it("Starts that wait for an image leave the node's slots to others, and go on once it is settled", async () => {
  const waiting = await place(3);
  expect(await claim()).toBe(slotCount);
  await until("the slots are free again", () => Promise.resolve(runner.free === slotCount));
  expect(await claim()).toBe(1);
  for (const id of waiting) await untilReason(id, "image_pulling");
  await until("the slots are free again", () => Promise.resolve(runner.free === slotCount));
  expect(engine.calls.filter((it) => it.path === "/images/create")).toHaveLength(1);

  // Their pull goes on meanwhile, for as long as it likes.
  const [stopped = ""] = await place(1);
  const by = { owner: seeded.userId };
  const gateway = database.as("gateway", { max: 1 }).db;
  await wishInstance(gateway, { by, instanceId: stopped, action: "stop" });
  expect(await claim()).toBe(1);
  await until("another is stopped", async () => (await look(stopped))?.state === "stopped");
  for (const id of waiting)
    expect(await look(id)).toMatchObject({ state: "starting", reason: { code: "image_pulling" } });

  pulls.resolve();
  for (const id of waiting) await untilReason(id, "image_missing");
  await until("all is done", () => Promise.resolve(runner.free === slotCount));
  expect(await claim()).toBe(0);
});
