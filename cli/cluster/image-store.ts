/**
 * An engine's data with one image in it, made once and given to every node of a cluster. Nodes share its
 * layers by hard links: engines never write to a layer, and so five nodes take the room of one.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EngineProcess } from "./engine.ts";

const run = promisify(execFile);

/** Of engines that take a store: another one would have its images elsewhere, or in another form. */
export const storeSettings = {
  "storage-driver": "overlay2",
  features: { "containerd-snapshotter": false },
} as const;

export interface ImageStoreOptions {
  /** Kept by whoever wants the next cluster to begin sooner. */
  readonly folder: string;
  /** What tells its content from another, such as an image's id. */
  readonly content: string;
  /** Puts the image into an engine that has none. */
  fill(engine: EngineProcess): Promise<void>;
}

/**
 * Makes the store, unless it is there with that content.
 * @param making where it is made; an interrupted one is cleared away with what else lies there
 * @param startEngine starts one on those folders, with `storeSettings`
 */
export async function prepareImageStore(
  { folder, content, fill }: ImageStoreOptions,
  making: string,
  startEngine: (paths: { folder: string; dataRoot: string }) => Promise<EngineProcess>,
): Promise<void> {
  const found = await readFile(join(folder, "content"), "utf8").catch(() => "");
  if (found === content) return;
  const engine = await startEngine({ folder: making, dataRoot: join(making, "data") });
  await fill(engine);
  await engine.stop();
  await writeFile(join(making, "content"), content);
  await rm(folder, { recursive: true, force: true });
  await rename(making, folder);
}

/** Gives an engine that has not been started the store's images. Both lie on one file system. */
export async function copyImages(folder: string, dataRoot: string): Promise<void> {
  await mkdir(dataRoot, { recursive: true });
  const from = join(folder, "data");
  await run("cp", ["-a", "--link", join(from, "overlay2"), dataRoot]);
  await run("cp", ["-a", join(from, "image"), dataRoot]);
}
