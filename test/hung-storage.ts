/** A file system that never answers, as a file server that is gone. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { system } from "./outside.ts";

/**
 * Mounts one over `folder`: whoever looks at it waits until it is released. A file system in user space
 * whose program never reads what it is asked is just that.
 *
 * @returns what releases all who wait, and takes it away
 */
export function mountHung(folder: string): () => Promise<void> {
  const device = openSync("/dev/fuse", "r+");
  const options = "fd=3,rootmode=40000,user_id=0,group_id=0,allow_other";
  const { status, stderr } = spawnSync(
    "/usr/bin/mount",
    ["-i", "-t", "fuse", "-o", options, "hung", folder],
    { stdio: ["ignore", "ignore", "pipe", device] },
  );
  if (status !== 0) throw new Error(`mount: ${String(stderr)}`);
  return async () => {
    await system("umount", "--lazy", folder);
    closeSync(device);
  };
}
