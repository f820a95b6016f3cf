/** Takes claimed work through observe → plan → execute, and gives each lease back. */
import { LeaseLostError, loggable } from "../db/errors.ts";
import {
  getInstanceSpec,
  knownInstances,
  reportReason,
  reportState,
  type InstanceSpec,
} from "../db/node-instances.ts";
import { failWork, finishWork, releaseWork, type Lease } from "../db/work.ts";
import { ContainerGone } from "./await-ready.ts";
import { removeIncarnationFiles } from "./incarnation-files.ts";
import { execute, verdictOf, type Hands } from "./execute.ts";
import { keepLease } from "./keep-lease.ts";
import type { Log } from "./log.ts";
import { plan, type Reason } from "./plan.ts";
import { RuntimeError } from "./runtimes/runtime.ts";

/** Plans made for one claim before it is given back: a container that flaps must not hold a slot. */
const roundsPerClaim = 6;

export interface WorkRunner {
  readonly free: number;
  /** Works on leases in the background. */
  take(leases: readonly Lease[]): void;
  /** Waits for what is under way; aborts it at the deadline and gives the leases back. */
  stop(deadlineMs: number): Promise<void>;
}

export interface RunnerOptions {
  readonly hands: Hands;
  readonly log: Log;
  readonly leaseMs: number;
}

async function clearAway(hands: Hands, spec: InstanceSpec): Promise<void> {
  for (const container of await hands.runtime.find(spec.id)) {
    if (container.incarnation > spec.incarnation) continue;
    await hands.runtime.remove(container.id);
    await removeIncarnationFiles(hands.roots, spec.id, container.incarnation);
  }
  // They are there before the container, which may never have come to be.
  await removeIncarnationFiles(hands.roots, spec.id, spec.incarnation);
}

/** One observe → plan → execute round. @returns whether nothing is left to do */
async function round(hands: Hands, lease: Lease, signal: AbortSignal): Promise<boolean> {
  const [spec, containers] = await Promise.all([
    getInstanceSpec(hands.db, lease.subjectId),
    hands.runtime.find(lease.subjectId),
  ]);
  if (!spec) {
    // Placed elsewhere since: what is left of it here is not wanted, up to what the database knows.
    const known = (await knownInstances(hands.db, [lease.subjectId])).get(lease.subjectId) ?? 0;
    for (const container of containers.filter((it) => it.incarnation <= known))
      await hands.runtime.remove(container.id);
    return true;
  }
  const steps = plan(spec, containers);
  for (const step of steps) {
    signal.throwIfAborted();
    try {
      if (!(await execute(hands, lease, spec, step, signal))) return false;
    } catch (error) {
      if (error instanceof ContainerGone) return false;
      const gone = step.kind === "bury" && (error as { code?: unknown }).code === "not_found";
      const raced = step.kind === "create" && (error as { code?: unknown }).code === "name_taken";
      // Look again: what we meant to do was done already, or undone by something else.
      if (gone || raced) return false;
      throw Object.assign(error as Error, { spec });
    }
  }
  return steps.length === 0;
}

async function giveUp(
  hands: Hands,
  lease: Lease,
  spec: InstanceSpec,
  reason: Reason,
): Promise<void> {
  await clearAway(hands, spec);
  await reportState(hands.db, lease, { to: "failed", reason });
  await finishWork(hands.db, lease);
}

async function handleFault(options: RunnerOptions, lease: Lease, error: unknown): Promise<void> {
  const { hands, log } = options;
  const { spec } = error as { spec?: InstanceSpec };
  const starting = spec?.state === "starting";
  const verdict = verdictOf(error, { starting, attempts: lease.attempts });
  const fields = { instance: lease.subjectId, attempts: lease.attempts, err: loggable(error) };
  if ("fails" in verdict && spec) {
    log.warn({ ...fields, reason: verdict.fails.code }, "an instance failed");
    try {
      return await giveUp(hands, lease, spec, verdict.fails);
    } catch (fault) {
      if (!(fault instanceof RuntimeError)) throw fault;
      // It has failed when its container has been seen gone, and no sooner.
      const reason = { code: fault.code, text: fault.message.slice(0, 500) };
      return tryLater(options, lease, { reason, counts: false });
    }
  }
  const reason = "waits" in verdict ? verdict.waits : verdict.fails;
  const counts = "waits" in verdict ? verdict.counts : true;
  log.warn({ ...fields, reason: reason.code }, "work is tried again later");
  await tryLater(options, lease, { reason, counts });
}

async function tryLater(
  { hands }: RunnerOptions,
  lease: Lease,
  { reason, counts }: { reason: Reason; counts: boolean },
): Promise<void> {
  await reportReason(hands.db, lease, reason);
  await failWork(hands.db, lease, reason.text, counts);
}

async function runLease(options: RunnerOptions, lease: Lease, ended: AbortSignal): Promise<void> {
  const { hands, log } = options;
  const lost = new AbortController();
  const stopKeeping = keepLease(hands.db, lease, options.leaseMs, (error) => lost.abort(error));
  const signal = AbortSignal.any([ended, lost.signal]);
  await hands.slots.enter(signal);
  try {
    for (let n = 0; n < roundsPerClaim; n++) if (await round(hands, lease, signal)) break;
    await finishWork(hands.db, lease);
  } catch (error) {
    if (lost.signal.aborted || error instanceof LeaseLostError) {
      log.warn({ instance: lease.subjectId }, "the lease was lost; someone else goes on");
    } else if (ended.aborted) {
      await releaseWork(hands.db, lease);
    } else {
      await handleFault(options, lease, error);
    }
  } finally {
    stopKeeping();
    hands.slots.leave();
  }
}

export function createWorkRunner(options: RunnerOptions): WorkRunner {
  const running = new Set<Promise<void>>();
  const ended = new AbortController();
  return {
    get free() {
      return options.hands.slots.free;
    },
    take(leases) {
      for (const lease of leases) {
        const task = runLease(options, lease, ended.signal)
          .catch((error: unknown) => {
            // The lease runs out by itself; the row is due again then.
            options.log.error({ instance: lease.subjectId, err: loggable(error) }, "work was left");
          })
          .finally(() => running.delete(task));
        running.add(task);
      }
    },
    async stop(deadlineMs) {
      const timer = setTimeout(() => ended.abort(new Error("stopping")), deadlineMs);
      await Promise.allSettled(running);
      clearTimeout(timer);
    },
  };
}
