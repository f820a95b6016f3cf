import { loggable } from "../db/errors.ts";
import type { Log } from "./log.ts";

/** Work that nobody waits for; it ends with the controller. */
export interface Background {
  /** Aborted when the controller ends. */
  readonly ended: AbortSignal;
  run(task: (ended: AbortSignal) => Promise<void>): void;
  /** Aborts what is under way and waits for it. */
  stop(): Promise<void>;
}

/** What fails is logged; what fails because it was aborted is not. */
export function createBackground(log: Log): Background {
  const abort = new AbortController();
  const ended = abort.signal;
  const running = new Set<Promise<void>>();
  return {
    ended,
    run(task) {
      const one = task(ended)
        .catch((error: unknown) => {
          if (!ended.aborted) log.warn({ err: loggable(error) }, "background work failed");
        })
        .finally(() => running.delete(one));
      running.add(one);
    },
    async stop() {
      abort.abort();
      await Promise.allSettled(running);
    },
  };
}
