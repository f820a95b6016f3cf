/** The placer as a process of its own, where the installation has several nodes: none of them has its login. */
import { pino } from "pino";
import { placerConfigSchema, readConfig } from "./config.ts";
import { startPlacer } from "./start-placer.ts";

const config = readConfig(placerConfigSchema, process.env);
const placer = startPlacer({
  url: config.ASCI_PLACER_DATABASE_URL,
  lostMs: config.ASCI_LOST_SECONDS * 1000,
  imagesBeforehand: config.ASCI_IMAGES_BEFOREHAND !== "0",
  log: pino({ name: "placer" }),
});
const stopLimitMs = 9000;
let stopping = false;

function stop(): void {
  if (stopping) return;
  stopping = true;
  // What is under way then is found again by the next placer.
  setTimeout(() => process.exit(0), stopLimitMs).unref();
  void placer.stop().finally(() => process.exit(0));
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// The supervisor holds the other end of this channel: when it dies, so do we.
process.on("disconnect", stop);
// It may have died while this was loaded, which nothing tells afterwards.
if (process.connected === false) stop();
// Where it dies in this moment its end is told as a disconnection, and not as an error as well.
const unheard = () => {};
process.send?.({ type: "ready" }, undefined, {}, unheard);
