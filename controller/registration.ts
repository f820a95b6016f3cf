/** A controller's first words with database and engine, repeated until both answer. */
import { setTimeout as pause } from "node:timers/promises";
import type { Connection, Db } from "../db/client.ts";
import { loggable, NodeTakenError } from "../db/errors.ts";
import { reportGpus } from "../db/node-gpus.ts";
import { registerNode, reportNode, type NodeStart } from "../db/nodes.ts";
import { desktopLimits, readKernelLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import type { LoopTask } from "./loop.ts";
import type { NodeLook } from "./node-report.ts";
import type { Reason } from "./plan.ts";

const retryMs = 1000;
/** Whoever is refused may try for hours, and says it once a minute. */
const takenRetryMs = 5000;
const takenTold = 12;

/** What a node says of itself beside whether it is ready. */
export interface NodeNotes {
  /** What is amiss though it works. */
  fault: Reason | undefined;
}

/** Logged when it begins, when it changes and when it is over, not at every look. */
function noteFault(notes: NodeNotes, fault: Reason | undefined, log: Log): void {
  if (fault && fault.text !== notes.fault?.text) log.warn({ reason: fault.code }, fault.text);
  if (!fault && notes.fault) log.info({ reason: notes.fault.code }, "that is over");
  notes.fault = fault;
}

export interface Registration {
  readonly nodeId: string;
  readonly look: () => Promise<NodeLook>;
  readonly notes: NodeNotes;
  readonly log: Log;
  /** Default 5000. */
  readonly takenRetryMs?: number;
}

/** Takes the node's next epoch, trying until database and engine answer and no other machine has its name. */
export async function register(db: Db, registration: Registration) {
  const { nodeId, look, notes, log } = registration;
  for (let refused = 0; ;) {
    try {
      const { report, gpus, fault } = await look();
      const limits = desktopLimits(report, await readKernelLimits());
      const registered = await registerNode(db, nodeId, report);
      if (gpus) await reportGpus(db, { nodeId, epoch: registered.epoch }, gpus);
      noteFault(notes, fault, log);
      return { ...registered, limits };
    } catch (error) {
      if (error instanceof NodeTakenError) {
        if (refused % takenTold === 0)
          log.error({ node: error.node }, `${error.message} Trying again until it is silent.`);
        refused += 1;
        await pause(registration.takenRetryMs ?? takenRetryMs);
      } else {
        log.warn({ err: loggable(error) }, "the node cannot be registered yet; trying again");
        await pause(retryMs);
      }
    }
  }
}

/** Looks again now and then: GPUs come and go, disks fill, engines are upgraded. */
export function describeTask(
  db: Db,
  start: NodeStart,
  { look, notes, log }: Pick<Registration, "look" | "notes" | "log">,
): LoopTask {
  return {
    name: "describe",
    periodMs: 60_000,
    async run() {
      const { report, gpus, fault } = await look();
      await reportNode(db, start, report);
      if (gpus) await reportGpus(db, start, gpus);
      noteFault(notes, fault, log);
    },
  };
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
    await pause(retryMs);
  }
}
