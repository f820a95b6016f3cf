/** Follows the engine's events, and lists everything anew whenever some may have been missed. */
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
  down(error: unknown): void;
  /** What the last ping came to. */
  pinged(error?: unknown): void;
}

function asFault(error: unknown): RuntimeError {
  return error instanceof RuntimeError
    ? error
    : new RuntimeError("engine_unreachable", "The engine's connection broke.");
}

export function createEngineState(): EngineState {
  let fault: RuntimeError | undefined = new RuntimeError(
    "engine_unreachable",
    "The engine has not answered yet.",
  );
  // An engine can hold its event stream open and answer nothing else.
  let silence: RuntimeError | undefined;
  return {
    beat: () => {
      const now = fault ?? silence;
      return {
        ready: now === undefined,
        reasonCode: now?.code ?? null,
        reasonText: now?.message ?? null,
      };
    },
    pinged(error) {
      silence = error === undefined ? undefined : asFault(error);
    },
    up() {
      fault = undefined;
    },
    down(error) {
      fault = asFault(error);
    },
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
  runtime: Runtime,
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
    onConnected(): void;
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
  const onOpen = () => {
    state.up();
    options.onConnected();
  };
  while (!signal.aborted) {
    try {
      await runtime.prepare();
      await runtime.watch({ onOpen, onChange }, signal);
      state.down(undefined);
    } catch (error) {
      state.down(error);
      log.warn({ err: loggable(error) }, "the engine is out of reach; trying again");
    }
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, reconnectMs);
      signal.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
    });
  }
}
