/** The controller's process. */
import { pino } from "pino";
import { controllerConfigSchema, readConfig } from "./config.ts";
import { startController, type Controller } from "./controller.ts";

const config = readConfig(controllerConfigSchema, process.env);
const log = pino({ name: "controller" });
const stopLimitMs = 9000;
let stopping = false;
let controller: Controller | undefined;

function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  // Until the node is registered nothing is held: it may be waiting for a database that never comes.
  if (controller === undefined) process.exit(code);
  // What is still under way then is found again by the next controller.
  setTimeout(() => process.exit(code), stopLimitMs).unref();
  void controller.stop().finally(() => process.exit(code));
}

process.on("SIGTERM", () => stop(0));
process.on("SIGINT", () => stop(0));
// The supervisor holds the other end of this channel: when it dies, so do we.
process.on("disconnect", () => stop(0));
// It may have died while this was loaded, which nothing tells afterwards.
if (process.connected === false) stop(0);

controller = await startController(config, {
  log,
  onSuperseded() {
    log.error({}, "another controller of this node has started; this one ends");
    stop(75);
  },
});
// Where it dies in this moment its end is told as a disconnection, and not as an error as well.
const unheard = () => {};
process.send?.({ type: "ready" }, undefined, {}, unheard);
