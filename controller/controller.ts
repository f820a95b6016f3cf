/** A node's controller, put together. */
import { setTimeout as pause } from "node:timers/promises";
import Docker from "dockerode";
import type { Connection } from "../db/client.ts";
import { connect } from "../db/client.ts";
import { loggable, SupersededError } from "../db/errors.ts";
import { listen, type Listener } from "../db/listen.ts";
import { registerNode } from "../db/nodes.ts";
import type { ControllerConfig } from "./config.ts";
import { startControlServer } from "./control-server.ts";
import { createEngineState, watchEngine } from "./engine-watch.ts";
import type { Hands } from "./execute.ts";
import type { Log } from "./log.ts";
import { startLoop, type Loop } from "./loop.ts";
import { nodeTasks, placerTasks, type Counters } from "./loops.ts";
import { DockerRuntime } from "./runtimes/docker.ts";
import { createWorkRunner } from "./work-runner.ts";

export interface ControllerOptions {
  readonly leaseMs?: number;
  readonly slots?: number;
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

/** Takes the node's next epoch, trying until database and engine answer. */
async function register(
  connection: Connection,
  runtime: DockerRuntime,
  config: ControllerConfig,
  log: Log,
) {
  for (;;) {
    try {
      const report = await runtime.report();
      return await registerNode(connection.db, config.ASCI_NODE_ID, report);
    } catch (error) {
      log.warn({ err: loggable(error) }, "the node cannot be registered yet; trying again");
      await pause(1000);
    }
  }
}

async function installationIdOf(connection: Connection, log: Log): Promise<string> {
  for (;;) {
    try {
      const [row] = await connection.sql<{ id: string }[]>`select id from installation`;
      if (row) return row.id;
    } catch (error) {
      log.warn({ err: loggable(error) }, "the database does not answer yet; trying again");
    }
    await pause(1000);
  }
}

function startPlacer(url: string, log: Log): { loops: Loop[]; stop(): Promise<void> } {
  const connection = connect(url, {
    applicationName: "asci-placer",
    max: 4,
    statementTimeoutMs: 5000,
  });
  const wished = new Set<string>();
  const tasks = placerTasks({ db: connection.db, log, wished });
  const place = startLoop(tasks.place, log);
  const poke = startLoop(tasks.poke, log);
  const others = [startLoop(tasks.judge, log), startLoop(tasks.sweep, log)];
  const onWork = (nodeId: string) => {
    wished.add(nodeId);
    poke.activate();
  };
  const listener: Listener = listen(
    url,
    { asci_queue: () => place.activate(), asci_work: onWork },
    () => place.activate(),
  );
  const loops = [place, poke, ...others];
  return {
    loops,
    async stop() {
      await listener.close();
      await Promise.all(loops.map((it) => it.stop()));
      await connection.close();
    },
  };
}

/** Starts a controller: registers the node under a new epoch, adopts what stands, and claims work. */
export async function startController(
  config: ControllerConfig,
  options: ControllerOptions,
): Promise<Controller> {
  const { log } = options;
  const connection = connect(config.DATABASE_URL, { applicationName: "asci-controller" });
  const { db } = connection;
  const nodeId = config.ASCI_NODE_ID;
  const placer = config.ASCI_PLACER_DATABASE_URL
    ? startPlacer(config.ASCI_PLACER_DATABASE_URL, log)
    : undefined;
  const installationId = await installationIdOf(connection, log);
  const runtime = new DockerRuntime(
    new Docker({ timeout: engineTimeoutMs }),
    {
      installationId,
      nodeId,
      network: `asci-${installationId.slice(0, 8)}`,
      parts: [config.DATABASE_URL],
    },
    new Docker(),
  );
  const { epoch, name } = await register(connection, runtime, config, log);
  const engine = createEngineState();
  const counters: Counters = { unknownContainers: 0, comparisons: 0, foundByComparison: 0 };
  const ended = new AbortController();
  const background = new Set<Promise<void>>();
  const hands: Hands = {
    db,
    runtime,
    roots: {
      runDir: config.ASCI_RUN_DIR,
      homesDir: config.ASCI_HOMES_DIR,
      relayGid: config.ASCI_RELAY_GID,
    },
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    answerMs: options.answerMs ?? 30_000,
    background(run) {
      const task = run(ended.signal)
        .catch((error: unknown) => {
          if (!ended.signal.aborted) log.warn({ err: loggable(error) }, "a phase was not recorded");
        })
        .finally(() => background.delete(task));
      background.add(task);
    },
  };
  const runner = createWorkRunner({
    hands,
    log,
    leaseMs: options.leaseMs ?? 30_000,
    slots: options.slots ?? 16,
    onDone: () => claim.activate(),
  });
  const tasks = nodeTasks({
    db,
    nodeId,
    epoch,
    runtime,
    runner,
    engine,
    leaseMs: options.leaseMs ?? 30_000,
    log,
    counters,
  });
  const guardedClaim = {
    ...tasks.claim,
    async run() {
      try {
        await tasks.claim.run(ended.signal);
      } catch (error) {
        if (error instanceof SupersededError) options.onSuperseded();
        throw error;
      }
    },
  };
  const control = await startControlServer(config.ASCI_CONTROLLER_LISTEN, {
    poke: () => claim.activate(),
    metrics: () => metricsText(counters),
  });
  const claim: Loop = startLoop(guardedClaim, log);
  const compare = startLoop(tasks.compare, log);
  const ping = startLoop(tasks.ping, log);
  const watching = watchEngine(
    {
      db,
      runtime,
      nodeId,
      state: engine,
      log,
      onWork: () => claim.activate(),
      onConnected: () => {
        claim.activate();
        compare.activate();
      },
    },
    ended.signal,
  );
  log.info({ node: name, epoch }, "the node is registered");

  /** Claims nothing more, waits for what is under way, gives leases back, and closes the pool. */
  async function end(): Promise<void> {
    await Promise.all([claim.stop(), compare.stop(), ping.stop(), control.close()]);
    await runner.stop(stopDeadlineMs);
    ended.abort();
    await Promise.allSettled([watching, ...background]);
    await placer?.stop();
    await connection.close();
  }
  let stopped: Promise<void> | undefined;
  return { stop: () => (stopped ??= end()) };
}

function metricsText(counters: Counters): string {
  return [
    "# HELP asci_unknown_containers Containers with our labels that belong to no known instance",
    "# TYPE asci_unknown_containers gauge",
    `asci_unknown_containers ${counters.unknownContainers}`,
    "# HELP asci_comparisons_total Full comparisons of engine and database",
    "# TYPE asci_comparisons_total counter",
    `asci_comparisons_total ${counters.comparisons}`,
    "# HELP asci_found_by_comparison_total Instances that only a comparison found to differ",
    "# TYPE asci_found_by_comparison_total counter",
    `asci_found_by_comparison_total ${counters.foundByComparison}`,
    "",
  ].join("\n");
}
