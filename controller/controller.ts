/** A node's controller, put together. */
import { uptime } from "node:os";
import Docker from "dockerode";
import { connect, type Db } from "../db/client.ts";
import { SupersededError } from "../db/errors.ts";
import { createBackground, type Background } from "./background.ts";
import type { ControllerConfig } from "./config.ts";
import { startControlServer } from "./control-server.ts";
import { createEngineState, watchEngine, type EngineState } from "./engine-watch.ts";
import type { Hands } from "./execute.ts";
import { homesTask, type HomeLooks } from "./home-room.ts";
import { incarnationsDir } from "./incarnation-files.ts";
import type { DesktopLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { startLoop, type Loop } from "./loop.ts";
import { nodeTasks, type Counters } from "./loops.ts";
import { metricsText } from "./metrics-text.ts";
import { installationIdOf, register } from "./registration.ts";
import { Rooms } from "./rooms.ts";
import { openStorage, type Storages } from "./storage/storage.ts";
import { connectAnew } from "./runtimes/docker-connect.ts";
import { DockerRuntime } from "./runtimes/docker.ts";
import { startPlacer } from "./start-placer.ts";
import { createWorkRunner, type WorkRunner } from "./work-runner.ts";

export interface ControllerOptions {
  /** Default 30,000. */
  readonly leaseMs?: number;
  /** How many instances are worked on at once; default 16. */
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
const defaults = { leaseMs: 30_000, slots: 16, answerMs: 30_000 };

function dockerRuntime(config: ControllerConfig, installationId: string): DockerRuntime {
  const own = {
    installationId,
    nodeId: config.ASCI_NODE_ID,
    network: `asci-${installationId.slice(0, 8)}`,
    parts: [config.DATABASE_URL],
  };
  return new DockerRuntime(new Docker({ timeout: engineTimeoutMs }), own, connectAnew());
}

interface Node {
  readonly db: Db;
  readonly runtime: DockerRuntime;
  readonly rooms: Rooms;
  readonly storage: Storages;
  readonly engine: EngineState;
  readonly limits: DesktopLimits;
  readonly background: Background;
}

function handsOf(node: Node, config: ControllerConfig, answerMs: number): Hands {
  const { db, runtime, rooms, storage, engine, limits, background } = node;
  return {
    db,
    runtime,
    rooms,
    storage,
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
    answerMs,
    background: background.run,
  };
}

interface Loops {
  readonly claim: Loop;
  readonly compare: Loop;
  stop(): Promise<void>;
}

function startLoops(
  { db, runtime, engine, background }: Node,
  runner: WorkRunner,
  looks: HomeLooks,
  more: { nodeId: string; epoch: number; leaseMs: number; counters: Counters },
  { log, onSuperseded }: ControllerOptions,
): Loops {
  const tasks = nodeTasks({ db, runtime, runner, engine, log, ...more });
  const guardedClaim = {
    ...tasks.claim,
    async run() {
      try {
        await tasks.claim.run(background.ended);
      } catch (error) {
        if (error instanceof SupersededError) onSuperseded();
        throw error;
      }
    },
  };
  const claim = startLoop(guardedClaim, log);
  const compare = startLoop(tasks.compare, log);
  const ping = startLoop(tasks.ping, log);
  const homes = startLoop(homesTask(looks), log);
  return {
    claim,
    compare,
    stop: async () =>
      void (await Promise.all([claim.stop(), compare.stop(), ping.stop(), homes.stop()])),
  };
}

/** Starts a controller: registers the node under a new epoch, adopts what stands, and claims work. */
export async function startController(
  config: ControllerConfig,
  options: ControllerOptions,
): Promise<Controller> {
  const { log, leaseMs, slots, answerMs } = { ...defaults, ...options };
  const { ASCI_NODE_ID: nodeId, ASCI_PLACER_DATABASE_URL: placerUrl } = config;
  const connection = connect(config.DATABASE_URL, { applicationName: "asci-controller" });
  const { db } = connection;
  const lostMs = config.ASCI_LOST_SECONDS * 1000;
  const placer = placerUrl ? startPlacer({ url: placerUrl, lostMs, log }) : undefined;
  const runtime = dockerRuntime(config, await installationIdOf(connection, log));
  const { epoch, name, limits } = await register(connection, runtime, nodeId, log);
  const background = createBackground(log);
  const rooms = new Rooms(incarnationsDir(config.ASCI_RUN_DIR));
  const engine = createEngineState(() => {
    loops.claim.activate();
    loops.compare.activate();
  });
  const storage = { homes: openStorage(homeThreads), data: openStorage(dataThreads) };
  const node: Node = { db, runtime, rooms, storage, engine, limits, background };
  const onWork = (): void => loops.claim.activate();
  const hands = handsOf(node, config, answerMs);
  const runner = createWorkRunner({ hands, log, leaseMs, slots, onDone: onWork });
  const counters: Counters = { unknownContainers: 0, comparisons: 0, foundByComparison: 0 };
  const control = await startControlServer(config.ASCI_CONTROLLER_LISTEN, {
    poke: onWork,
    metrics: () => metricsText(counters),
  });
  const loops = startLoops(node, runner, hands, { nodeId, epoch, leaseMs, counters }, options);
  const watched = { db, runtime, nodeId, state: engine, log, onWork };
  background.run((ended) => watchEngine(watched, ended));
  background.run(() => rooms.fill());
  log.info({ node: name, epoch }, "the node is registered");

  /** Claims nothing more, waits for what is under way, gives leases back, and closes the pool. */
  async function end(): Promise<void> {
    await Promise.all([loops.stop(), control.close()]);
    await runner.stop(stopDeadlineMs);
    await background.stop();
    await rooms.close();
    storage.homes.close();
    storage.data.close();
    await placer?.stop();
    await connection.close();
  }
  let stopped: Promise<void> | undefined;
  return { stop: () => (stopped ??= end()) };
}
