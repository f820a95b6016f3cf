import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { Failure, systemCode } from "./failure.ts";

export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the kernel's lock on a file (flock(2)), which goes by itself when we end, however that happens. Node has no
 * flock, but the lock belongs to the open file: the program `flock` of util-linux takes it on a handle that it inherits
 * from us, and ends.
 * @param waitMs how long to wait for another holder
 * @returns undefined where another process holds it
 */
export async function takeLock(path: string, waitMs = 0): Promise<Lock | undefined> {
  const file = await open(path, "a", 0o600);
  try {
    if (await flock(file, waitMs)) return { release: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

async function flock(file: FileHandle, waitMs: number): Promise<boolean> {
  const wait = waitMs === 0 ? ["-n"] : ["-w", String(waitMs / 1_000)];
  const child = spawn("flock", [...wait, "3"], { stdio: ["ignore", "ignore", "inherit", file.fd] });
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (code === 0 || code === 1) return code === 0;
    throw new Error(`flock ended with ${code ?? "a signal"}`);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new Failure("program_missing", "The program flock is missing: install util-linux.", {
      cause: error,
    });
  }
}
