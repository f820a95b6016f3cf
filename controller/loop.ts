/**
 * The driver of periodic, idempotent tasks. It knows nothing of what they do: a task runs when it is
 * activated and at the latest after its period, never twice at once. The period is the retry.
 */
import { loggable } from "../db/errors.ts";

export interface LoopLog {
  error(fields: Record<string, unknown>, message: string): void;
}

export interface LoopTask {
  readonly name: string;
  readonly periodMs: number;
  /** @param activations how often the task has been activated so far: more during a run means that there is news */
  run(signal: AbortSignal, activations: () => number): Promise<void>;
}

export interface Loop {
  readonly name: string;
  /** Runs the task as soon as it can; during a run, once more after it. */
  activate(): void;
  /** Stops after the run that is under way. */
  stop(): Promise<void>;
}

/** Up to a tenth of the period more or less, so that many nodes do not beat together. */
export function jittered(periodMs: number, random: () => number = Math.random): number {
  return periodMs * (0.9 + 0.2 * random());
}

export function startLoop(task: LoopTask, log: LoopLog): Loop {
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let pending = false;
  let activations = 0;

  async function runOnce(): Promise<void> {
    do {
      pending = false;
      try {
        await task.run(ended.signal, () => activations);
      } catch (error) {
        if (!ended.signal.aborted)
          log.error({ loop: task.name, err: loggable(error) }, "a loop's run failed");
        // What failed is tried again at the next period, not at once.
        pending = false;
      }
    } while (pending && !ended.signal.aborted);
  }
  function activate(): void {
    if (ended.signal.aborted) return;
    activations += 1;
    if (running) {
      pending = true;
      return;
    }
    clearTimeout(timer);
    running = runOnce().finally(() => {
      running = undefined;
      if (!ended.signal.aborted) timer = setTimeout(activate, jittered(task.periodMs));
    });
  }

  activate();
  return {
    name: task.name,
    activate,
    async stop() {
      ended.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
