/** The relay's process: no engine, its own uid, and of the database only the right to redeem. */
import { chmod, rm } from "node:fs/promises";
import { pino } from "pino";
import { connect } from "../../db/client.ts";
import { deadGrants, noteActivity } from "../../db/tickets.ts";
import { readConfig, relayConfigSchema } from "../config.ts";
import { startLoop } from "../loop.ts";
import { Relay } from "./server.ts";
import { createVerifier } from "./verify.ts";

const config = readConfig(relayConfigSchema, process.env);
const log = pino({ name: "relay" });
const nodeId = config.ASCI_NODE_ID;
const connection = connect(config.DATABASE_URL, { applicationName: "asci-relay", max: 5 });
const { db } = connection;
const relay = new Relay({
  db,
  nodeId,
  runDir: config.ASCI_RUN_DIR,
  verify: createVerifier(db, nodeId),
  log,
});

const path = config.ASCI_RELAY_LISTEN.slice("unix:".length);
await rm(path, { force: true });
await new Promise<void>((resolve, reject) => {
  relay.server.once("error", reject);
  relay.server.listen({ path }, () => resolve());
});
// Whoever connects still needs a ticket, and the folder is closed to containers.
await chmod(path, 0o666);

if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(config.ASCI_RELAY_GID);
  process.setuid?.(config.ASCI_RELAY_UID);
}

const loops = [
  startLoop(
    {
      name: "dead grants",
      periodMs: 500,
      run: async () => relay.endGrants(await deadGrants(db, relay.grants())),
    },
    log,
  ),
  startLoop(
    {
      name: "activity",
      periodMs: 15_000,
      async run() {
        for (const { instanceId, at } of relay.takeActivity())
          await noteActivity(db, instanceId, nodeId, at);
      },
    },
    log,
  ),
];

const stopLimitMs = 5000;
let stopping = false;
/** Viewers reconnect on the code that their streams are closed with, to whichever relay is here then. */
function stop(): void {
  if (stopping) return;
  stopping = true;
  const limit = new Promise((resolve) => setTimeout(resolve, stopLimitMs).unref());
  const end = async () => {
    // A loop may be waiting for the database: the streams do not wait for it.
    await Promise.all([relay.stop(), ...loops.map((it) => it.stop())]);
    await connection.close();
  };
  void Promise.race([end().catch(() => {}), limit]).finally(() => process.exit(0));
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
// The supervisor holds the other end of this channel: when it dies, so do we.
process.on("disconnect", stop);
// Where it dies in this moment its end is told as a disconnection, and not as an error as well.
const unheard = () => {};
// It may have died before anyone listened, which nothing tells afterwards.
if (process.connected === false) stop();
else process.send?.({ type: "ready" }, undefined, {}, unheard);
