/** Makes one version's image present on the node's engine, within the limits that the node has for images. */
import type { VersionImage } from "../db/node-images.ts";
import { ImageProgress, type PullProgress } from "./image-progress.ts";
import type { PacedRegistry } from "./paced-registry.ts";
import { parseImageName, type ImageStore, type LocalImage } from "./runtimes/image-store.ts";
import { RuntimeError } from "./runtimes/runtime.ts";

export interface ImageLimits {
  /** What all images of the engine may take; undefined: as much as they like. */
  readonly maxBytes: number | undefined;
  /** What a pull must leave free on their disk. */
  readonly minFreeBytes: number;
}

export interface PullSite {
  readonly store: ImageStore;
  readonly limits: ImageLimits;
  /** Through which what nobody waits for is pulled; undefined: there is no limit on how fast. */
  readonly paced?: Pick<PacedRegistry, "nameFor"> | undefined;
  /** Removes an image that nobody needs. @returns whether there was one */
  makeRoom(): Promise<boolean>;
}

/** How often the room on the disk is looked at during a pull: at least, and at most. */
const lookMs = 500;
const leastGapMs = 50;

const gib = (bytes: number) => `${(Math.max(0, bytes) / 1024 ** 3).toFixed(1)} GiB`;

function limitFault(
  { limits }: PullSite,
  freeBytes: number | null,
  full: "free" | "max",
): RuntimeError {
  const text =
    full === "max"
      ? `Images would take more than the ${gib(limits.maxBytes ?? 0)} that this node gives them: raise ASCI_IMAGES_MAX_BYTES, or remove images there.`
      : `The pull would not leave ${gib(limits.minFreeBytes)} free on the node's disk, which has ${gib(freeBytes ?? 0)}: make room there, or lower ASCI_IMAGES_MIN_FREE.`;
  return new RuntimeError("disk_limit", text);
}

/**
 * @param neededBytes what is still to come at least
 * @throws RuntimeError `disk_limit`
 */
async function checkRoom(site: PullSite, neededBytes: number): Promise<void> {
  const { store, limits } = site;
  const freeBytes = await store.freeBytes();
  if (freeBytes !== null && freeBytes - neededBytes < limits.minFreeBytes)
    throw limitFault(site, freeBytes, "free");
  if (limits.maxBytes !== undefined && (await store.usedBytes()) + neededBytes > limits.maxBytes)
    throw limitFault(site, freeBytes, "max");
}

/** Pulls, looking at the disk all the while. @throws RuntimeError `disk_limit` */
async function pullWatched(
  site: PullSite,
  [repository, tag]: readonly [string, string],
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const progress = new ImageProgress();
  const over = new AbortController();
  let looking: Promise<void> | undefined;
  let looked = 0;
  const look = () => {
    if (performance.now() - looked < leastGapMs) return;
    looked = performance.now();
    looking ??= checkRoom(site, progress.leftBytes)
      .catch((error: unknown) => over.abort(error))
      .finally(() => (looking = undefined));
  };
  const timer = setInterval(look, lookMs);
  try {
    await site.store.pull(
      repository,
      tag,
      (step) => {
        progress.step(step);
        onProgress(progress.now);
        look();
      },
      AbortSignal.any([signal, over.signal]),
    );
  } finally {
    clearInterval(timer);
    await looking;
  }
}

const digestRule = /^sha256:[0-9a-f]{64}$/;

const isMissing = (error: unknown) => error instanceof RuntimeError && error.code === "not_found";
/** Asked for an image's id as if it were a manifest's digest, some registries have it as a fault of their own. */
const isRefused = (error: unknown) =>
  isMissing(error) || (error instanceof RuntimeError && error.code === "image_pull_failed");

async function pullVersion(
  site: PullSite,
  { image, digest }: VersionImage,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<LocalImage> {
  const { store, paced } = site;
  const { repository: own, tag } = parseImageName(image);
  const repository = paced ? paced.nameFor(own) : own;
  const pull = (name: string) => pullWatched(site, [repository, name], onProgress, signal);
  const missing = (error?: unknown) =>
    new RuntimeError("image_missing", `${own} has no such image (any more).`, {
      cause: error,
    });
  try {
    if (!digestRule.test(digest)) throw new RuntimeError("not_found", "no digest");
    await pull(digest);
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (tag === undefined) throw isMissing(error) ? missing(error) : error;
    // A version can name its image by the id that it has on engines, which registries do not know.
    await pull(tag).catch((fault: unknown) => {
      throw isMissing(fault) ? missing(fault) : fault;
    });
  }
  const found = await store.find(image, digest);
  if (found && paced && tag !== undefined) await store.tag(found.id, own, tag);
  if (paced || !found) await store.untag(`${repository}:${tag}`);
  if (found) return found;
  throw new RuntimeError(
    "image_changed",
    `${own}:${tag} is another image now than this version was made of: add a version for it.`,
  );
}

/** @throws RuntimeError `disk_limit` where all images together turn out to take too much */
async function checkTotal(site: PullSite, pulled: LocalImage): Promise<void> {
  try {
    await checkRoom(site, 0);
  } catch (error) {
    await site.store.remove(pulled.id).catch(() => {});
    throw error;
  }
}

/**
 * Finds the image, or pulls it from the registry that its name says.
 *
 * @param knownBytes what it took the last time, as far as that is known
 * @throws RuntimeError `image_missing`, `image_changed`, `image_pull_failed`, `disk_limit`, `disk_full`
 */
export async function ensureImage(
  site: PullSite,
  version: VersionImage,
  knownBytes: number,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<LocalImage> {
  const here = await site.store.find(version.image, version.digest);
  if (here) return here;
  if (!parseImageName(version.image).namesRegistry)
    throw new RuntimeError("image_missing", "The image is not on this node.");
  for (;;) {
    try {
      await checkRoom(site, knownBytes);
      const pulled = await pullVersion(site, version, onProgress, signal);
      await checkTotal(site, pulled);
      return pulled;
    } catch (error) {
      const short = error instanceof RuntimeError && error.code === "disk_limit";
      if (!short || !(await site.makeRoom())) throw error;
    }
  }
}
