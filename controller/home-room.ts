/** Tells people how much room their homes have, while desktops of theirs run. */
import type { Db } from "../db/client.ts";
import { listHomeOwners, noteHomeRoom, type HomeOwner } from "../db/homes.ts";
import type { Sites } from "./desktop-folders.ts";
import type { LoopTask } from "./loop.ts";
import { StorageError, type Storages } from "./storage/storage.ts";
import { homePath } from "./storage/template.ts";

export interface HomeLooks {
  readonly db: Db;
  readonly storage: Storages;
  readonly sites: Sites;
}

const atOnce = 4;

export async function noteHome(
  { db, storage, sites }: HomeLooks,
  instanceId: string,
  person: Pick<HomeOwner, "username" | "uid">,
): Promise<void> {
  const room = await storage.homes.room(homePath(sites.homes, person)).catch((error: unknown) => {
    // What was seen last stays, with its time.
    if (error instanceof StorageError) return undefined;
    throw error;
  });
  if (room) await noteHomeRoom(db, instanceId, room);
}

export function homesTask(looks: HomeLooks): LoopTask {
  return {
    name: "homes",
    periodMs: 5 * 60_000,
    async run(signal) {
      const owners = await listHomeOwners(looks.db);
      for (let n = 0; n < owners.length && !signal.aborted; n += atOnce)
        await Promise.all(
          owners.slice(n, n + atOnce).map((it) => noteHome(looks, it.instanceId, it)),
        );
    },
  };
}
