/** What stands ready for starts. */
import type { Log } from "./log.ts";
import type { LoopTask } from "./loop.ts";
import type { Rooms } from "./rooms.ts";
import type { Runtime } from "./runtimes/runtime.ts";

interface Stock {
  readonly runtime: Pick<Runtime, "stockUp">;
  readonly rooms: Rooms;
  /** Whether the engine can be asked. */
  ready(): boolean;
  readonly log: Log;
}

/** What starts take is made anew after them, and not while somebody waits for one. */
export function sparesTask({ runtime, rooms, ready, log }: Stock): LoopTask {
  let told = new Set<string>();
  return {
    name: "spares",
    periodMs: 60_000,
    async run() {
      await rooms.fill();
      if (!ready()) return;
      const cutOff = await runtime.stockUp();
      for (const instance of cutOff)
        if (!told.has(instance))
          log.warn(
            { instance },
            "a desktop has lost its network; a restart of it gives it another",
          );
      told = new Set(cutOff);
    },
  };
}
