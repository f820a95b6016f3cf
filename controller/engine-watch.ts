/** Follows the engine's events, and lists everything anew whenever some may have been missed. */
import { setTimeout as pause } from "node:timers/promises";
import { loggable } from "../db/errors.ts";
import type { Db } from "../db/client.ts";
import { knownInstances, settledInstances, wishAll } from "../db/node-instances.ts";
import { wishAgain, type Beat } from "../db/work.ts";
import type { Log } from "./log.ts";
import { plan } from "./plan.ts";
import { RuntimeError, type Runtime } from "./runtimes/runtime.ts";

export interface EngineState {
  /** What the node says of itself with every heartbeat. */
  beat(): Beat;
  up(): void;
  down(fault: RuntimeError): void;
  /** What the last ping came to. */
  pinged(error?: unknown): void;
  /** Whether the engine was out of reach at that time, or just about to be. */
  wasAway(at: Date): boolean;
}

function asFault(error: unknown): RuntimeError {
  return error instanceof RuntimeError
    ? error
    : new RuntimeError("engine_unreachable", "The engine's connection broke.");
}

/** An engine that is stopped ends its containers, for up to 15 s, before it closes our connection. */
const farewellMs = 20_000;
const outagesKept = 16;

/**
 * @param onReady called whenever the engine can be worked with again, and at first
 * @param now the host's clock, which is also the engine's
 */
export function createEngineState(onReady: () => void, now: () => number = Date.now): EngineState {
  let fault: RuntimeError | undefined = new RuntimeError(
    "engine_unreachable",
    "The engine has not answered yet.",
  );
  // An engine can hold its event stream open and answer nothing else.
  let silence: RuntimeError | undefined;
  let outages: { readonly from: number; until: number }[] = [{ from: now(), until: Infinity }];
  return {
    beat: () => {
      const current = fault ?? silence;
      return {
        ready: current === undefined,
        reasonCode: current?.code ?? null,
        reasonText: current?.message ?? null,
      };
    },
    pinged(error) {
      const before = silence;
      silence = error === undefined ? undefined : asFault(error);
      if (before && !silence && !fault) onReady();
    },
    up() {
      // It has just answered: what an earlier ping came to is over as well.
      fault = undefined;
      silence = undefined;
      for (const it of outages) it.until = Math.min(it.until, now());
      onReady();
    },
    down(error) {
      if (!fault) outages = [...outages, { from: now(), until: Infinity }].slice(-outagesKept);
      fault = error;
    },
    wasAway: (at) =>
      outages.some((it) => it.from - farewellMs <= at.getTime() && at.getTime() <= it.until),
  };
}

export interface Comparison {
  /** Containers with our labels whose instance the database does not know: left alone. */
  readonly unknown: number;
  /** Instances for which something was to be done, and no work was due. */
  readonly differing: number;
}

/** Lists our containers and has a look taken at everything that should or does exist here. */
export async function compareAll(
  db: Db,
  runtime: Pick<Runtime, "list">,
  nodeId: string,
  log: Log,
): Promise<Comparison> {
  const containers = await runtime.list();
  const ids = [...new Set(containers.map((it) => it.instanceId))];
  const known = await knownInstances(db, ids);
  const unknown = containers.filter((it) => !known.has(it.instanceId));
  for (const it of unknown)
    log.warn(
      { container: it.id, instance: it.instanceId },
      "a container with our labels belongs to no known instance; it is left alone",
    );
  const settled = await settledInstances(db, nodeId);
  const differing = settled.filter((it) => {
    const own = containers.filter((one) => one.instanceId === it.id);
    return plan(it, own).length > 0;
  });
  await wishAll(
    db,
    nodeId,
    ids.filter((it) => known.has(it)),
  );
  return { unknown: unknown.length, differing: differing.length };
}

const reconnectMs = 1000;

/** Watches until the signal aborts; a broken stream makes the node not ready until it stands again. */
export async function watchEngine(
  options: {
    db: Db;
    runtime: Runtime;
    nodeId: string;
    state: EngineState;
    log: Log;
    onWork(): void;
  },
  signal: AbortSignal,
): Promise<void> {
  const { db, runtime, nodeId, state, log } = options;
  const onChange = (instanceId: string) => {
    wishAgain(db, nodeId, [instanceId]).then(
      () => options.onWork(),
      (error: unknown) =>
        log.warn({ err: loggable(error) }, "a change was not noted; the comparison will"),
    );
  };
  let told: string | undefined;
  const onBroken = (error: unknown) => {
    const fault = asFault(error);
    state.down(fault);
    // Once, not every second for as long as it lasts.
    if (fault.message !== told)
      log.warn({ err: loggable(fault) }, "the engine is out of reach; trying again");
    told = fault.message;
  };
  const onOpen = () => {
    if (told !== undefined) log.info({}, "the engine answers again");
    told = undefined;
    state.up();
  };
  while (!signal.aborted) {
    const fault: unknown = await runtime
      .prepare()
      .then(() => runtime.watch({ onOpen, onChange }, signal))
      .catch((error: unknown) => error);
    if (signal.aborted) return;
    onBroken(fault);
    await pause(reconnectMs, undefined, { signal }).catch(() => {});
  }
}
