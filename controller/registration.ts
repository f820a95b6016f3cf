/** A controller's first words with database and engine, repeated until both answer. */
import { setTimeout as pause } from "node:timers/promises";
import type { Connection } from "../db/client.ts";
import { loggable } from "../db/errors.ts";
import { registerNode } from "../db/nodes.ts";
import { desktopLimits, readKernelLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import type { Runtime } from "./runtimes/runtime.ts";

/** Takes the node's next epoch, trying until database and engine answer. */
export async function register(connection: Connection, runtime: Runtime, nodeId: string, log: Log) {
  for (;;) {
    try {
      const report = await runtime.report();
      const limits = desktopLimits(report, await readKernelLimits());
      return { ...(await registerNode(connection.db, nodeId, report)), limits };
    } catch (error) {
      log.warn({ err: loggable(error) }, "the node cannot be registered yet; trying again");
      await pause(1000);
    }
  }
}

/** Which installation the database is. */
export async function installationIdOf(connection: Connection, log: Log): Promise<string> {
  for (;;) {
    try {
      const [row] = await connection.sql<{ id: string }[]>`select id from installation`;
      if (row) return row.id;
    } catch (error) {
      log.warn({ err: loggable(error) }, "the database does not answer yet; trying again");
    }
    await pause(1000);
  }
}
