import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { takeLock } from "./lock.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "asci-lock-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** The kernel lists the locks, and with an arrow those who wait for them (proc(5), /proc/locks). */
async function untilSomebodyWaits(path: string): Promise<void> {
  const { ino } = await stat(path);
  const waiting = (): boolean =>
    readFileSync("/proc/locks", "utf8")
      .split("\n")
      .some((line) => line.includes("->") && line.includes(`:${ino} `));
  await vi.waitUntil(waiting, { timeout: 60_000, interval: 5 });
}

describe("takeLock", () => {
  it("lets one in, and the next when that one is out", async () => {
    const path = join(directory, "lock");
    const first = await takeLock(path);
    expect(first).toBeDefined();
    expect(await takeLock(path)).toBeUndefined();
    await first?.release();
    const second = await takeLock(path);
    expect(second).toBeDefined();
    await second?.release();
  });

  it("waits for a holder that ends", async () => {
    const path = join(directory, "lock");
    const first = await takeLock(path);
    const second = takeLock(path, 60_000);
    await untilSomebodyWaits(path);
    await first?.release();
    expect(await second).toBeDefined();
    await (await second)?.release();
  });

  it("is free again when its holder was killed", async () => {
    const path = join(directory, "lock");
    const script = `const { takeLock } = await import(${JSON.stringify(join(import.meta.dirname, "lock.ts"))});
      globalThis.lock = await takeLock(${JSON.stringify(path)});
      console.log("held");
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(holder, "exit");
    try {
      await once(holder.stdout, "data");
      expect(await takeLock(path)).toBeUndefined();
    } finally {
      holder.kill("SIGKILL");
      await ended;
    }
    const lock = await takeLock(path);
    expect(lock).toBeDefined();
    await lock?.release();
  });
});
