/** The placer's loops with their own connection; they run where its credentials are given. */
import { connect } from "../db/client.ts";
import { listen, type Listener } from "../db/listen.ts";
import type { Log } from "./log.ts";
import { startLoop } from "./loop.ts";
import { placerTasks } from "./loops.ts";

/** Starts placing, judging and sweeping. `stop` waits for what is under way. */
export function startPlacer(url: string, log: Log): { stop(): Promise<void> } {
  const connection = connect(url, {
    applicationName: "asci-placer",
    max: 4,
    statementTimeoutMs: 5000,
  });
  const wished = new Set<string>();
  const tasks = placerTasks({ db: connection.db, log, wished });
  const place = startLoop(tasks.place, log);
  const poke = startLoop(tasks.poke, log);
  const { judge, stations, lifetimes, beamtimes, images, sweep } = tasks;
  const others = [judge, stations, lifetimes, beamtimes, images, sweep].map((it) =>
    startLoop(it, log),
  );
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
    async stop() {
      await listener.close();
      await Promise.all(loops.map((it) => it.stop()));
      await connection.close();
    },
  };
}
