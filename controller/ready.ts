/** Waits for what a desktop shows of itself in its folder. The folder is hostile: nothing in it is read. */
import { watch } from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { DialError, dialUnix, readBanner } from "./dial.ts";

/** Between two looks where no event came: not every file system tells of changes. */
const lookAgainMs = 100;
/** A start changes its folder a dozen times. One that changes more often is looked at by the clock. */
const changesFollowed = 200;

/**
 * Waits until `look` gives something, looking whenever the folder changes.
 * Rejects with the signal's reason.
 */
async function waitInFolder<T>(
  folder: string,
  look: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T> {
  let wake: () => void = () => {};
  let changed = false;
  let changes = 0;
  const watcher = watch(folder, () => {
    changes += 1;
    if (changes > changesFollowed) return watcher.close();
    changed = true;
    wake();
  });
  watcher.on("error", () => {});
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      changed = false;
      const found = await look();
      if (found !== undefined) return found;
      if (changed) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookAgainMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (changed || signal.aborted) wake();
      });
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    watcher.close();
  }
}

/** Waits until the desktop's VNC server answers with its banner (RFC 6143, section 7.1.1). */
export async function waitForBanner(folder: string, signal: AbortSignal): Promise<void> {
  await waitInFolder(
    join(folder, "vnc"),
    async () => {
      try {
        const socket = await dialUnix(folder, "vnc/vnc.sock", { signal, connectTimeoutMs: 2000 });
        socket.on("error", () => {});
        try {
          await readBanner(socket, { signal, timeoutMs: 2000 });
          return true;
        } finally {
          socket.destroy();
        }
      } catch (error) {
        // Called off or not: whether it goes on is the signal's to say.
        if (error instanceof DialError) return undefined;
        throw error;
      }
    },
    signal,
  );
}

/** Waits until the desktop says that its panel is on the screen. */
export async function waitForPanel(folder: string, signal: AbortSignal): Promise<void> {
  const marker = join(folder, "vnc", "panel");
  await waitInFolder(
    join(folder, "vnc"),
    () =>
      lstat(marker).then(
        () => true as const,
        () => undefined,
      ),
    signal,
  );
}
