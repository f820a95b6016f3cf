/** The placer's loops with their own connection; they run where its credentials are given. */
import { connect } from "../db/client.ts";
import { listen, type Listener } from "../db/listen.ts";
import type { Log } from "./log.ts";
import { startLoop } from "./loop.ts";
import { placerTasks } from "./loops.ts";

export interface PlacerOptions {
  readonly url: string;
  /** How long a node may be silent before what stands on it counts as lost. */
  readonly lostMs: number;
  /** Whether nodes are asked to pull what is likely to be started. */
  readonly imagesBeforehand: boolean;
  readonly log: Log;
  /** The node of the same process, where there is one: it is told without a call. */
  readonly here?: { readonly nodeId: string; onWork(): void };
}

/** Starts placing, judging and sweeping. `stop` waits for what is under way. */
export function startPlacer(options: PlacerOptions): { stop(): Promise<void> } {
  const { url, lostMs, imagesBeforehand, log, here } = options;
  const open = (max: number) =>
    connect(url, {
      applicationName: "asci-placer",
      max,
      statementTimeoutMs: 5000,
    });
  const connection = open(3);
  // Of its own: what a round of placing asks is planned on it already when somebody waits.
  const placing = open(1);
  const wished = new Set<string>();
  const tasks = placerTasks({
    db: connection.db,
    placing: placing.db,
    log,
    wished,
    lostMs,
  });
  const place = startLoop(tasks.place, log);
  const poke = startLoop(tasks.poke, log);
  const { expect, judge, stations, lifetimes, beamtimes, images, sweep } = tasks;
  const kept = [expect, judge, stations, lifetimes, beamtimes, sweep];
  const others = [...kept, ...(imagesBeforehand ? [images] : [])].map((it) => startLoop(it, log));
  const onWork = (nodeId: string) => {
    if (nodeId === here?.nodeId) here.onWork();
    else {
      wished.add(nodeId);
      poke.activate();
    }
  };
  const listener: Listener = listen(
    url,
    { asci_queue: () => place.activate(), asci_work: onWork },
    () => {
      place.activate();
      // What was placed while nobody listened.
      here?.onWork();
    },
  );
  const loops = [place, poke, ...others];
  return {
    async stop() {
      await listener.close();
      await Promise.all(loops.map((it) => it.stop()));
      await Promise.all([connection.close(), placing.close()]);
    },
  };
}
