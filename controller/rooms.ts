/** Small file systems for what desktops share with the host, some of them made before they are needed. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, chown, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const sparePrefix = ".spare-";

export interface RoomOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Makes folders whose `vnc/` is a file system of its own, with room for a socket and a marker: a
 * container that fills it, or nests folders in it until no path leads there, harms nobody. To mount
 * one takes a program's start, so a few stand ready beside those in use.
 */
export class Rooms {
  readonly #parent: string;
  readonly #wanted: number;
  readonly #spares: string[] = [];
  #filling: Promise<void> | undefined;

  /** @param parent the folder that all rooms lie in; made where it is missing */
  constructor(parent: string, { spares = 2 } = {}) {
    this.#parent = parent;
    this.#wanted = spares;
  }

  /**
   * Makes `folder`, which must not exist, with `vnc/` in it. Set-gid: what is made in `vnc/` gets
   * the owner's group.
   */
  async make(folder: string, owner: RoomOwner): Promise<void> {
    if (!(await this.#takeSpare(folder))) await mountRoom(folder);
    const vnc = join(folder, "vnc");
    await chown(vnc, owner.uid, owner.gid);
    // A change of owner takes the bit away.
    await chmod(vnc, 0o2770);
  }

  /** Makes what is missing to the wanted number of spares; the first time, what others left goes. */
  fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
    return this.#filling;
  }

  /** Removes the spares; waits for those being made. */
  async close(): Promise<void> {
    await this.#filling?.catch(() => {});
    await Promise.all(this.#spares.splice(0).map(removeRoom));
  }

  async #takeSpare(folder: string): Promise<boolean> {
    for (let spare = this.#spares.pop(); spare !== undefined; spare = this.#spares.pop()) {
      try {
        // What is mounted in a folder goes with it.
        await rename(spare, folder);
        return true;
      } catch {
        // Somebody tidied it away.
      }
    }
    return false;
  }

  async #fill(): Promise<void> {
    await mkdir(this.#parent, { recursive: true, mode: 0o755 });
    for (const name of await readdir(this.#parent)) {
      const path = join(this.#parent, name);
      if (name.startsWith(sparePrefix) && !this.#spares.includes(path)) await removeRoom(path);
    }
    while (this.#spares.length < this.#wanted) {
      const spare = join(this.#parent, `${sparePrefix}${randomUUID()}`);
      await mountRoom(spare);
      this.#spares.push(spare);
    }
  }
}

async function mountRoom(folder: string): Promise<void> {
  const vnc = join(folder, "vnc");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await mkdir(vnc, { mode: 0o700 });
  const room = "size=256k,nr_inodes=64,mode=0700,nosuid,nodev,noexec";
  await run("/usr/bin/mount", ["-t", "tmpfs", "-o", room, "asci", vnc]);
}

/** With everything in `vnc/` gone at once, whatever it is; then what lies above is ours. */
export async function removeRoom(folder: string): Promise<void> {
  // Not mounted, or not there: then removing says so if it matters.
  await run("/usr/bin/umount", ["--lazy", join(folder, "vnc")]).catch(() => {});
  await rm(folder, { recursive: true, force: true });
}
