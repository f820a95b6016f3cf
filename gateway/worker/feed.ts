import { readChanges, type ChangeCursor } from "../../db/changes.ts";
import type { Db } from "../../db/client.ts";
import type { ChangeFeed } from "../deps.ts";

/** How long a change may go unnoticed: a start is watched while it goes on, rest costs little. */
const restMs = 1000;
const busyMs = 250;
/** One change is seldom alone. */
const busyForMs = 15_000;
/** Changes of a transaction that still runs show up when that one ends: soon, or after any time. */
const unsettledMs = 25;
const keepaliveMs = 20_000;
const batch = 100;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

/** For one request: asks the database again and again, as nothing here can be notified. */
export function createPollingFeed(db: Db): ChangeFeed {
  let busyUntil = Date.now() + busyForMs;
  return {
    async next(userId: string, cursor: ChangeCursor, signal: AbortSignal) {
      const until = Date.now() + keepaliveMs;
      for (let waits = 0; ; waits++) {
        const { changes, pending } = await readChanges(db, cursor, { userId, limit: batch });
        const now = Date.now();
        if (changes.length > 0) {
          busyUntil = now + busyForMs;
          return changes;
        }
        if (now >= until) return [];
        const calmMs = now < busyUntil ? busyMs : restMs;
        await pause(pending ? Math.min(calmMs, unsettledMs * 2 ** waits) : calmMs, signal);
        signal.throwIfAborted();
      }
    },
  };
}
