/** A node's controller, put together. */
import { uptime } from "node:os";
import Docker from "dockerode";
import { connect, type Db } from "../db/client.ts";
import { SupersededError } from "../db/errors.ts";
import { knownGpus } from "../db/node-gpus.ts";
import type { NodeStart } from "../db/nodes.ts";
import { createBackground, type Background } from "./background.ts";
import type { ControllerConfig } from "./config.ts";
import { startControlServer } from "./control-server.ts";
import { createEngineState, watchEngine, type EngineState } from "./engine-watch.ts";
import type { Hands } from "./execute.ts";
import { homesTask } from "./home-room.ts";
import { ImagePuller } from "./image-puller.ts";
import { imagesTask, removeUnwanted, watchImages } from "./image-report.ts";
import { createImageWork } from "./image-work.ts";
import { incarnationsDir } from "./incarnation-files.ts";
import type { DesktopLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { startLoop, type Loop, type LoopTask } from "./loop.ts";
import { nodeTasks, type Counters } from "./loops.ts";
import { metricsText } from "./metrics-text.ts";
import { lookAtNode } from "./node-report.ts";
import { openPacedRegistry, type PacedRegistry } from "./paced-registry.ts";
import { describeTask, installationIdOf, register, type NodeNotes } from "./registration.ts";
import { Rooms } from "./rooms.ts";
import { Slots } from "./slots.ts";
import { sparesTask } from "./spares.ts";
import { openStorage, type Storages } from "./storage/storage.ts";
import { connectAnew } from "./runtimes/docker-connect.ts";
import { DockerRuntime } from "./runtimes/docker.ts";
import { DockerImages } from "./runtimes/docker-images.ts";
import type { ImageStore } from "./runtimes/image-store.ts";
import { startPlacer } from "./start-placer.ts";
import { createWorkRunner } from "./work-runner.ts";

export interface ControllerOptions {
  /** Default 30,000. */
  readonly leaseMs?: number;
  /** How many instances are worked on at once, those apart that wait for an image; default 16. */
  readonly slots?: number;
  /** How long a desktop may take to answer; default 30,000. */
  readonly answerMs?: number;
  readonly log: Log;
  /** Called where a newer controller of this node has taken over: this one must end. */
  onSuperseded(): void;
}

export interface Controller {
  stop(): Promise<void>;
}

const stopDeadlineMs = 5000;
/** No call but the events takes this long; stopping a container gives it 5 s. */
const engineTimeoutMs = 30_000;
/** Apart, so that data that cannot be reached keeps nobody from their home: as many as all slots can ask at once. */
const homeThreads = 64;
const dataThreads = 512;
const defaults = {
  leaseMs: 30_000,
  slots: 16,
  answerMs: 30_000,
  minFreeBytes: 2 * 1024 ** 3,
  spareNetworks: 2,
};

function dockerRuntime(
  config: ControllerConfig,
  installationId: string,
): { runtime: DockerRuntime; store: DockerImages } {
  const own = {
    installationId,
    nodeId: config.ASCI_NODE_ID,
    network: `asci-${installationId.slice(0, 8)}`,
    parts: [config.DATABASE_URL],
  };
  const docker = new Docker({ timeout: engineTimeoutMs });
  const calls = connectAnew();
  const networks = config.ASCI_SPARE_NETWORKS ?? defaults.spareNetworks;
  return {
    runtime: new DockerRuntime(docker, own, { events: calls, networks }),
    store: new DockerImages(docker, calls),
  };
}

interface Node {
  readonly db: Db;
  readonly runtime: DockerRuntime;
  readonly rooms: Rooms;
  readonly storage: Storages;
  readonly images: ImagePuller;
  readonly slots: Slots;
  readonly engine: EngineState;
  readonly limits: DesktopLimits;
  readonly background: Background;
}

function handsOf(
  node: Node,
  config: ControllerConfig,
  more: Pick<Hands, "answerMs" | "stockUp">,
): Hands {
  const { db, runtime, rooms, storage, images, slots, engine, limits, background } = node;
  return {
    db,
    runtime,
    rooms,
    storage,
    images,
    slots,
    sites: {
      homes: config.ASCI_HOMES,
      makesHomes: config.ASCI_HOMES_MAKE,
      data: config.ASCI_EXPERIMENT_DATA,
      makesData: config.ASCI_EXPERIMENT_DATA_MAKE,
    },
    roots: {
      runDir: config.ASCI_RUN_DIR,
      relayGid: config.ASCI_RELAY_GID,
    },
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    limits,
    circumstances: {
      engineAway: engine.wasAway,
      bootedAt: new Date(Date.now() - uptime() * 1000),
    },
    ...more,
    background: background.run,
  };
}

interface Loops {
  readonly claim: Loop;
  readonly compare: Loop;
  readonly images: Loop;
  readonly spares: Loop;
  stop(): Promise<void>;
}

/** What comes of a newer controller's start is told to whoever runs this one. */
function guarded(task: LoopTask, onSuperseded: () => void): LoopTask {
  return {
    ...task,
    async run(signal, activations) {
      try {
        await task.run(signal, activations);
      } catch (error) {
        if (error instanceof SupersededError) onSuperseded();
        throw error;
      }
    },
  };
}

function startLoops(
  tasks: Record<
    "claim" | "compare" | "ping" | "homes" | "images" | "spares" | "describe",
    LoopTask
  >,
  { log, onSuperseded }: ControllerOptions,
): Loops {
  const start = (task: LoopTask) => startLoop(guarded(task, onSuperseded), log);
  const claim = start(tasks.claim);
  const compare = start(tasks.compare);
  const images = start(tasks.images);
  const spares = start(tasks.spares);
  const all = [
    claim,
    compare,
    images,
    spares,
    ...[tasks.ping, tasks.homes, tasks.describe].map(start),
  ];
  return {
    claim,
    compare,
    images,
    spares,
    stop: async () => void (await Promise.all(all.map((it) => it.stop()))),
  };
}

/** Pulls made for starts and beforehand, one at a time. */
function openImages(
  db: Db,
  start: NodeStart,
  store: ImageStore,
  config: ControllerConfig,
  { log, paced }: { log: Log; paced: PacedRegistry | undefined },
): ImagePuller {
  const limits = {
    maxBytes: config.ASCI_IMAGES_MAX_BYTES,
    minFreeBytes: config.ASCI_IMAGES_MIN_FREE ?? defaults.minFreeBytes,
  };
  const site = { store, limits, paced, makeRoom: () => removeUnwanted(db, start, store) };
  return new ImagePuller({ db, start, site, log });
}

/** Starts a controller: registers the node under a new epoch, adopts what stands, and claims work. */
export async function startController(
  config: ControllerConfig,
  options: ControllerOptions,
): Promise<Controller> {
  const { log, leaseMs, slots: count, answerMs } = { ...defaults, ...options };
  const { ASCI_NODE_ID: nodeId, ASCI_PLACER_DATABASE_URL: placerUrl } = config;
  const connection = connect(config.DATABASE_URL, { applicationName: "asci-controller" });
  const { db } = connection;
  const lostMs = config.ASCI_LOST_SECONDS * 1000;
  const imagesBeforehand = config.ASCI_IMAGES_BEFOREHAND !== "0";
  let claim: Loop | undefined;
  const onWork = (): void => claim?.activate();
  const placer = placerUrl
    ? startPlacer({ url: placerUrl, lostMs, imagesBeforehand, log, here: { nodeId, onWork } })
    : undefined;
  const installationId = await installationIdOf(connection, log);
  const { runtime, store } = dockerRuntime(config, installationId);
  const notes: NodeNotes = { fault: undefined };
  const gpus = { known: () => knownGpus(db, nodeId) };
  const look = () => lookAtNode(runtime, config, installationId, gpus);
  const { epoch, name, limits } = await register(db, { nodeId, look, notes, log });
  const start = { nodeId, epoch };
  const background = createBackground(log);
  const rooms = new Rooms(incarnationsDir(config.ASCI_RUN_DIR));
  const engine = createEngineState(() => {
    loops.claim.activate();
    loops.compare.activate();
    loops.images.activate();
    loops.spares.activate();
  });
  const storage = { homes: openStorage(homeThreads), data: openStorage(dataThreads) };
  const rate = config.ASCI_PULL_BYTES_PER_SECOND;
  const paced = rate === undefined ? undefined : await openPacedRegistry(rate);
  const images = openImages(db, start, store, config, { log, paced });
  const slots = new Slots(count, onWork);
  const node: Node = { db, runtime, rooms, storage, images, slots, engine, limits, background };
  const hands = handsOf(node, config, { answerMs, stockUp: () => loops.spares.activate() });
  const runner = createWorkRunner({ hands, log, leaseMs });
  const imageWork = createImageWork({ db, start, puller: images, leaseMs, log, onDone: onWork });
  const counters: Counters = { unknownContainers: 0, comparisons: 0, foundByComparison: 0 };
  const control = await startControlServer(config.ASCI_CONTROLLER_LISTEN, {
    poke: onWork,
    metrics: () => metricsText(counters, runtime.spareNetworks),
  });
  const context = { db, ...start, runtime, runner, images: imageWork, notes, engine, leaseMs, log };
  const ready = () => engine.beat().ready;
  const loops = startLoops(
    {
      ...nodeTasks({ ...context, counters }),
      homes: homesTask(hands),
      images: imagesTask({ db, start, store, pulling: () => images.pulling, ready, onWork }),
      spares: sparesTask({ runtime, rooms, ready, log }),
      describe: describeTask(db, start, { look, notes, log }),
    },
    options,
  );
  claim = loops.claim;
  const watched = { db, runtime, nodeId, state: engine, log, onWork };
  background.run((ended) => watchEngine(watched, ended));
  background.run((ended) => watchImages(store, () => loops.images.activate(), ended));
  log.info({ node: name, epoch }, "the node is registered");

  /** Claims nothing more, waits for what is under way, gives leases back, and closes the pool. */
  async function end(): Promise<void> {
    await Promise.all([loops.stop(), control.close(), runtime.close()]);
    await Promise.all([runner.stop(stopDeadlineMs), imageWork.stop()]);
    await background.stop();
    await rooms.close();
    await paced?.close();
    storage.homes.close();
    storage.data.close();
    await placer?.stop();
    await connection.close();
  }
  let stopped: Promise<void> | undefined;
  return { stop: () => (stopped ??= end()) };
}
