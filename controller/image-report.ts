/** Tells which versions' images the engine has, and sees to it that those that went are pulled again. */
import { setTimeout as pause } from "node:timers/promises";
import type { Db } from "../db/client.ts";
import { listUnwantedImages, noteImage, reportImages } from "../db/node-images.ts";
import type { NodeStart } from "../db/nodes.ts";
import { wishAgain } from "../db/work.ts";
import type { LoopTask } from "./loop.ts";
import { parseImageName, type ImageStore } from "./runtimes/image-store.ts";
import { RuntimeError } from "./runtimes/runtime.ts";

export interface ImageReports {
  readonly db: Db;
  readonly start: NodeStart;
  readonly store: ImageStore;
  /** Versions that are being pulled at this moment. */
  pulling(): readonly string[];
  /** Whether the engine can be asked. */
  ready(): boolean;
  onWork(): void;
}

export function imagesTask({ db, start, store, pulling, ready, onWork }: ImageReports): LoopTask {
  return {
    name: "images",
    periodMs: 60_000,
    async run() {
      if (!ready()) return;
      const images = await store.list();
      const seen = images.flatMap(({ id, digests, sizeBytes }) =>
        [id, ...digests].map((digest) => ({ digest, sizeBytes })),
      );
      const missing = await reportImages(db, start, seen, pulling());
      const idle = missing.filter((it) => !pulling().includes(it));
      await wishAgain(db, start.nodeId, idle, "image");
      if (idle.length > 0) onWork();
    },
  };
}

const reconnectMs = 1000;

/** Until the signal aborts. What is missed while the stream is broken the period finds. */
export async function watchImages(
  store: Pick<ImageStore, "watch">,
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    // The watch over containers says that an engine is out of reach.
    await store.watch(onChange, signal).catch(() => {});
    await pause(reconnectMs, undefined, { signal }).catch(() => {});
  }
}

/**
 * Removes the oldest image that is wanted no longer, is no environment's newest, that no container
 * uses, and that can be had again.
 *
 * @returns whether there was one
 */
export async function removeUnwanted(
  db: Db,
  start: NodeStart,
  store: ImageStore,
): Promise<boolean> {
  const used = await store.inUse();
  for (const { versionId, image, digest } of await listUnwantedImages(db, start.nodeId)) {
    const found = parseImageName(image).namesRegistry ? await store.find(image, digest) : undefined;
    if (!found || used.has(found.id)) continue;
    try {
      await store.remove(found.id);
    } catch (error) {
      if (error instanceof RuntimeError && error.code === "image_in_use") continue;
      throw error;
    }
    await noteImage(db, start, versionId, { state: "absent" });
    return true;
  }
  return false;
}
