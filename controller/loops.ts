/** The one list of what a controller does over and over. */
import { loggable } from "../db/errors.ts";
import type { Db } from "../db/client.ts";
import { endExpired, warnOfEnds } from "../db/lifetimes.ts";
import { noteAll } from "../db/notices.ts";
import { endAtStations } from "../db/station-endings.ts";
import { controllerUrls, sweep } from "../db/placement.ts";
import { claimWork, type Beat } from "../db/work.ts";
import { dedicateForBeamtimes } from "./beamtimes.ts";
import { poke } from "./control-server.ts";
import { compareAll, type EngineState } from "./engine-watch.ts";
import { writeExpectations } from "./expectations.ts";
import { createJudge } from "./judge.ts";
import type { ImageWork } from "./image-work.ts";
import type { Log } from "./log.ts";
import type { LoopTask } from "./loop.ts";
import { nothingRemembered, placeQueue } from "./placer.ts";
import type { NodeNotes } from "./registration.ts";
import type { Runtime } from "./runtimes/runtime.ts";
import { askForImages } from "./wanted-images.ts";
import type { WorkRunner } from "./work-runner.ts";

export interface NodeContext {
  readonly db: Db;
  readonly nodeId: string;
  readonly epoch: number;
  readonly runtime: Runtime;
  readonly runner: WorkRunner;
  readonly images: ImageWork;
  readonly notes: NodeNotes;
  readonly engine: EngineState;
  readonly leaseMs: number;
  readonly log: Log;
  readonly counters: Counters;
}

/** Events should tell of everything: what only the periodic comparison found should stay flat. */
export interface Counters {
  unknownContainers: number;
  comparisons: number;
  foundByComparison: number;
}

/** Where it works and something is amiss all the same, the node says that. */
function beatOf({ engine, notes }: NodeContext): Beat {
  const beat = { ...engine.beat(), clockMs: Date.now() };
  if (!beat.ready || !notes.fault) return beat;
  return { ...beat, reasonCode: notes.fault.code, reasonText: notes.fault.text };
}

export function nodeTasks(context: NodeContext): Record<"claim" | "compare" | "ping", LoopTask> {
  const { db, nodeId, epoch, runner, images, engine, log } = context;
  return {
    claim: {
      name: "claim",
      periodMs: 2000,
      async run() {
        const leases = await claimWork(db, {
          nodeId,
          epoch,
          limit: Math.max(0, runner.free),
          imageLimit: images.free,
          leaseMs: context.leaseMs,
          beat: beatOf(context),
        });
        runner.take(leases.filter((it) => it.kind === "instance"));
        images.take(leases.filter((it) => it.kind === "image"));
      },
    },
    ping: {
      name: "ping",
      periodMs: 5000,
      run: () =>
        context.runtime.ping().then(
          () => engine.pinged(),
          (error: unknown) => engine.pinged(error),
        ),
    },
    compare: {
      name: "compare",
      periodMs: 60_000,
      async run() {
        if (!engine.beat().ready) return;
        const { unknown, differing } = await compareAll(db, context.runtime, nodeId, log);
        const { counters } = context;
        counters.unknownContainers = unknown;
        // The first one of a controller's life, and that after an outage, are meant to find things.
        if (counters.comparisons > 0) counters.foundByComparison += differing;
        counters.comparisons += 1;
      },
    },
  };
}

export interface PlacerContext {
  readonly db: Db;
  /** For rounds of placing alone. */
  readonly placing: Db;
  readonly log: Log;
  /** Nodes for which a wish was notified and whose controller has not been told. */
  readonly wished: Set<string>;
  /** How long a node may be silent before what stands on it counts as lost. */
  readonly lostMs: number;
}

const judgePeriodMs = 5000;

type PlacerTask =
  | "place"
  | "expect"
  | "poke"
  | "judge"
  | "stations"
  | "lifetimes"
  | "beamtimes"
  | "images"
  | "sweep";

export function placerTasks({
  db,
  placing,
  log,
  wished,
  lostMs,
}: PlacerContext): Record<PlacerTask, LoopTask> {
  const judge = createJudge(db, { periodMs: judgePeriodMs, lostMs });
  const remembered = nothingRemembered();
  return {
    place: {
      name: "place",
      periodMs: 2000,
      async run(_, activations) {
        await placeQueue(placing, { memory: remembered, activations });
      },
    },
    expect: {
      name: "expect",
      periodMs: 5000,
      run: () => writeExpectations(db),
    },
    poke: {
      name: "poke",
      periodMs: 60_000,
      async run() {
        const nodeIds = [...wished];
        wished.clear();
        const urls = await controllerUrls(db, nodeIds);
        await Promise.all(
          urls.map(({ id, url }) =>
            poke(url).catch((error: unknown) =>
              log.warn({ node: id, err: loggable(error) }, "a controller was not poked; it polls"),
            ),
          ),
        );
      },
    },
    judge: {
      name: "judge",
      periodMs: judgePeriodMs,
      async run() {
        const lost = await judge();
        if (lost > 0) log.warn({ instances: lost }, "instances are on nodes that have gone silent");
      },
    },
    stations: {
      name: "stations",
      periodMs: 2000,
      async run() {
        for (let found = 1; found > 0;) found = await endAtStations(db);
      },
    },
    lifetimes: {
      name: "lifetimes",
      periodMs: 5000,
      async run() {
        for (let ended = 1; ended > 0;) ended = await endExpired(db);
        for (let warned = 1; warned > 0;) warned = await warnOfEnds(db);
        await noteAll(db);
      },
    },
    beamtimes: {
      name: "beamtimes",
      periodMs: 5000,
      async run() {
        const nodes = await dedicateForBeamtimes(db);
        if (nodes > 0) log.info({ nodes }, "nodes were given to experiments for their beamtime");
      },
    },
    images: {
      name: "images",
      periodMs: 30_000,
      async run() {
        await askForImages(db);
      },
    },
    sweep: {
      name: "sweep",
      periodMs: 600_000,
      run: () => sweep(db),
    },
  };
}
