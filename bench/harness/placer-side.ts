/** The placer as a process of its own, as an installation has it; tells of every round. */
import { startLoop } from "../../controller/loop.ts";
import { nothingRemembered, placeQueue } from "../../controller/placer.ts";
import { connect } from "../../db/client.ts";
import { listen } from "../../db/listen.ts";

const [url = ""] = process.argv.slice(2);
const { db } = connect(url, { max: 4, applicationName: "bench-placer", statementTimeoutMs: 5000 });
const log = { error: (fields: object, message: string) => console.error(message, fields) };

export interface Round {
  readonly placed: number;
  readonly ms: number;
}

const memory = nothingRemembered();

async function run(_: AbortSignal, activations: () => number): Promise<void> {
  const began = performance.now();
  const placed = await placeQueue(db, { memory, activations });
  const round: Round = { placed, ms: performance.now() - began };
  process.send?.(round);
}

const loop = startLoop({ name: "place", periodMs: 2000, run }, log);
listen(url, { asci_queue: () => loop.activate() }, () => loop.activate());
// Without its bench it has nothing to do.
process.on("disconnect", () => process.exit(0));
