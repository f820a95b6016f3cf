import { loggable } from "../../db/errors.ts";
import { currentCursor, readChanges, type Change, type ChangeCursor } from "../../db/changes.ts";
import type { Db } from "../../db/client.ts";
import { listen } from "../../db/listen.ts";
import type { ChangeFeed } from "../deps.ts";
import type { Logger } from "../log.ts";

const pollMs = 2000;
/** Changes of a transaction that still runs, or of one behind it, show up when that one ends. */
const unsettledMs = 15;
const keepaliveMs = 20_000;
const batch = 100;

interface Waiter {
  readonly userId: string;
  wake(): void;
}

/**
 * One reader per process: it learns of changes by NOTIFY, or by polling where a hint was lost, and
 * wakes only those whom they concern.
 */
export function createChangeFeed(
  db: Db,
  url: string,
  log: Logger,
): ChangeFeed & { close(): Promise<void> } {
  const waiters = new Set<Waiter>();
  let cursor: ChangeCursor | undefined;
  let reading = false;
  let again = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function schedule(ms: number): void {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(() => void read(), ms);
  }
  function wake(userIds: Set<string> | undefined): void {
    for (const waiter of waiters) if (!userIds || userIds.has(waiter.userId)) waiter.wake();
  }
  async function read(): Promise<void> {
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    let nextMs = pollMs;
    try {
      do {
        again = false;
        cursor ??= await currentCursor(db);
        const { changes, pending } = await readChanges(db, cursor, { limit: 1000 });
        cursor = changes.at(-1)?.cursor ?? cursor;
        if (changes.length > 0) wake(new Set(changes.map((it) => it.userId)));
        nextMs = changes.length === 1000 ? 0 : pending ? unsettledMs : pollMs;
      } while (again);
    } catch (error) {
      log.warn({ err: loggable(error) }, "changes could not be read; trying again");
    } finally {
      reading = false;
      schedule(nextMs);
    }
  }

  // After a reconnection anything may have happened: everybody looks for themselves.
  const listener = listen(url, { asci_changes: () => void read() }, () => wake(undefined));
  void read();

  async function sleep(userId: string, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(limit);
        signal.removeEventListener("abort", done);
        waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { userId, wake: done };
      const limit = setTimeout(done, keepaliveMs);
      signal.addEventListener("abort", done);
      waiters.add(waiter);
      if (signal.aborted) done();
    });
  }

  return {
    async next(userId, from, signal) {
      const mine = (): Promise<{ changes: Change[] }> =>
        readChanges(db, from, { userId, limit: batch });
      // Wait from before the look: a wake that comes in between must find someone.
      const done = new AbortController();
      const woken = sleep(userId, AbortSignal.any([signal, done.signal]));
      try {
        const { changes } = await mine();
        if (changes.length > 0) return changes;
        await woken;
      } finally {
        done.abort();
      }
      signal.throwIfAborted();
      return (await mine()).changes;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await listener.close();
    },
  };
}
