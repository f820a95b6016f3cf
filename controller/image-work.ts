/** Work rows of kind `image`: makes it true that a wanted version's image is on this node. */
import type { Db } from "../db/client.ts";
import { LeaseLostError, loggable } from "../db/errors.ts";
import { getVersionImage, noteImage } from "../db/node-images.ts";
import type { NodeStart } from "../db/nodes.ts";
import { failWork, finishWork, releaseWork, type Lease } from "../db/work.ts";
import { PullDisplaced, PullUnwanted, type ImagePuller } from "./image-puller.ts";
import { keepLease } from "./keep-lease.ts";
import type { Log } from "./log.ts";
import { RuntimeError } from "./runtimes/runtime.ts";

export interface ImageWorkOptions {
  readonly db: Db;
  readonly start: NodeStart;
  readonly puller: ImagePuller;
  readonly leaseMs: number;
  readonly log: Log;
  /** Called after each piece of work: there may be more. */
  onDone(): void;
}

export interface ImageWork {
  /** How many more may be claimed. */
  readonly free: number;
  take(leases: readonly Lease[]): void;
  /** Calls off what is pulled and gives the leases back. */
  stop(): Promise<void>;
}

/** It is pulled one by one; a second lease would only wait. */
const atOnce = 1;

async function look(options: ImageWorkOptions, lease: Lease, signal: AbortSignal): Promise<void> {
  const { db, start, puller } = options;
  const version = await getVersionImage(db, start.nodeId, lease.subjectId);
  if (!version?.wanted) return;
  const { sizeBytes } = await puller.get(version, { urgent: false, signal });
  await noteImage(db, start, lease.subjectId, { state: "present", sizeBytes });
}

async function run(options: ImageWorkOptions, lease: Lease, ended: AbortSignal): Promise<void> {
  const { db, log } = options;
  const lost = new AbortController();
  const stopKeeping = keepLease(db, lease, options.leaseMs, (error) => lost.abort(error));
  try {
    await look(options, lease, AbortSignal.any([ended, lost.signal]));
    await finishWork(db, lease);
  } catch (error) {
    if (lost.signal.aborted || error instanceof LeaseLostError) return;
    // Due again at once; whether it is wanted still is looked at then.
    if (ended.aborted || error instanceof PullDisplaced || error instanceof PullUnwanted)
      return await releaseWork(db, lease);
    const counts = !(error instanceof RuntimeError && error.code === "engine_unreachable");
    log.warn({ version: lease.subjectId, err: loggable(error) }, "an image is pulled later");
    await failWork(db, lease, error instanceof Error ? error.message : String(error), counts);
  } finally {
    stopKeeping();
  }
}

export function createImageWork(options: ImageWorkOptions): ImageWork {
  const running = new Set<Promise<void>>();
  const ended = new AbortController();
  return {
    get free() {
      return Math.max(0, atOnce - running.size);
    },
    take(leases) {
      for (const lease of leases) {
        const task = run(options, lease, ended.signal)
          .catch((error: unknown) => {
            // The lease runs out by itself; the row is due again then.
            options.log.error({ version: lease.subjectId, err: loggable(error) }, "work was left");
          })
          .finally(() => {
            running.delete(task);
            options.onDone();
          });
        running.add(task);
      }
    },
    async stop() {
      ended.abort(new Error("stopping"));
      await Promise.allSettled(running);
    },
  };
}
