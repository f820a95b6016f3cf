/** The controller's process. */
import { pino } from "pino";
import { controllerConfigSchema, readConfig } from "./config.ts";
import { startController } from "./controller.ts";

const config = readConfig(controllerConfigSchema, process.env);
const log = pino({ name: "controller" });
const stopLimitMs = 9000;
let stopping = false;

const controller = await startController(config, {
  log,
  onSuperseded() {
    log.error({}, "another controller of this node has started; this one ends");
    stop(75);
  },
});

function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  // What is still under way then is found again by the next controller.
  setTimeout(() => process.exit(code), stopLimitMs).unref();
  void controller.stop().finally(() => process.exit(code));
}

process.on("SIGTERM", () => stop(0));
process.on("SIGINT", () => stop(0));
// The supervisor holds the other end of this channel: when it dies, so do we.
process.on("disconnect", () => stop(0));
process.send?.({ type: "ready" });
