/**
 * One pull at a time on a node. Somebody who waits for a desktop comes before what is pulled
 * beforehand: that is called off for them, and begun anew afterwards.
 */
import {
  getVersionImage,
  noteImage,
  type ImageNote,
  type VersionImage,
} from "../db/node-images.ts";
import type { Db } from "../db/client.ts";
import { loggable } from "../db/errors.ts";
import type { NodeStart } from "../db/nodes.ts";
import { ensureImage, type PullSite } from "./image-pull.ts";
import type { PullProgress } from "./image-progress.ts";
import type { Log } from "./log.ts";
import type { PacedRegistry } from "./paced-registry.ts";
import type { LocalImage } from "./runtimes/image-store.ts";
import { RuntimeError } from "./runtimes/runtime.ts";

/** Called off: somebody waits for another image. */
export class PullDisplaced extends Error {}
/** Called off: nobody wants it any more. */
export class PullUnwanted extends Error {}

const noteMs = 1000;

interface Job {
  readonly version: VersionImage;
  readonly abort: AbortController;
  readonly done: PromiseWithResolvers<LocalImage>;
  /** Those who wait for a desktop; others only want it there beforehand. */
  waiting: number;
  beforehand: number;
  progress: PullProgress;
}

export interface Want {
  /** Whether somebody waits for it. */
  readonly urgent: boolean;
  readonly signal: AbortSignal;
  onProgress?(progress: PullProgress): void;
}

export interface PullerOptions {
  readonly db: Db;
  readonly start: NodeStart;
  readonly site: PullSite & { readonly paced?: PacedRegistry | undefined };
  readonly log: Log;
}

export class ImagePuller {
  readonly #options: PullerOptions;
  readonly #jobs = new Map<string, Job>();
  #active: Job | undefined;

  constructor(options: PullerOptions) {
    this.#options = options;
  }

  /** Versions that are being pulled at this moment. */
  get pulling(): string[] {
    return this.#active ? [this.#active.version.versionId] : [];
  }

  /** What the engine has of it already. */
  find({ image, digest }: VersionImage): Promise<LocalImage | undefined> {
    return this.#options.site.store.find(image, digest);
  }

  /**
   * Resolves when the image is on the engine.
   * @throws PullDisplaced, PullUnwanted for what is pulled beforehand; RuntimeError as `ensureImage`
   */
  async get(version: VersionImage, want: Want): Promise<LocalImage> {
    const found = await this.find(version);
    if (found) return found;
    want.signal.throwIfAborted();
    const known = this.#jobs.get(version.versionId);
    const job = known && !known.abort.signal.aborted ? known : this.#add(version);
    const field = want.urgent ? "waiting" : "beforehand";
    job[field] += 1;
    if (want.urgent && this.#active && this.#active !== job && this.#active.waiting === 0)
      this.#active.abort.abort(new PullDisplaced());
    this.#next();
    if (want.urgent && this.#active === job) this.#hurry(true);
    want.onProgress?.(job.progress);
    const given = Promise.withResolvers<never>();
    const onAbort = () => given.reject(want.signal.reason);
    want.signal.addEventListener("abort", onAbort);
    const timer = setInterval(() => want.onProgress?.(job.progress), noteMs);
    try {
      return await Promise.race([job.done.promise, given.promise]);
    } finally {
      clearInterval(timer);
      want.signal.removeEventListener("abort", onAbort);
      job[field] -= 1;
      if (job.waiting + job.beforehand === 0) this.#drop(job);
    }
  }

  #add(version: VersionImage): Job {
    const job: Job = {
      version,
      abort: new AbortController(),
      done: Promise.withResolvers<LocalImage>(),
      waiting: 0,
      beforehand: 0,
      progress: { doneBytes: 0, totalBytes: null, percent: null },
    };
    // Whoever waits hears of it; nobody may be left by then.
    job.done.promise.catch(() => {});
    this.#jobs.set(version.versionId, job);
    return job;
  }

  #drop(job: Job): void {
    job.abort.abort(new PullUnwanted());
    if (this.#active !== job) this.#forget(job);
  }

  #forget(job: Job): void {
    if (this.#jobs.get(job.version.versionId) === job) this.#jobs.delete(job.version.versionId);
  }

  /** Who waits is not to wait for the sake of others' traffic. */
  #hurry(hurried: boolean): void {
    const { paced } = this.#options.site;
    if (paced) paced.pace.hurried = hurried;
  }

  #next(): void {
    if (this.#active) return;
    const jobs = [...this.#jobs.values()];
    const job = jobs.find((it) => it.waiting > 0) ?? jobs[0];
    if (!job) return;
    this.#active = job;
    this.#hurry(job.waiting > 0);
    void this.#run(job).finally(() => {
      this.#active = undefined;
      this.#forget(job);
      this.#next();
    });
  }

  async #run(job: Job): Promise<void> {
    const { db, start, site } = this.#options;
    const { versionId } = job.version;
    const noting = this.#noteProgress(job);
    try {
      job.abort.signal.throwIfAborted();
      const known = await getVersionImage(db, start.nodeId, versionId);
      const image = await ensureImage(
        site,
        job.version,
        known?.totalBytes ?? 0,
        (progress) => (job.progress = progress),
        job.abort.signal,
      );
      await noting.stop();
      await noteImage(db, start, versionId, { state: "present", sizeBytes: image.sizeBytes });
      job.done.resolve(image);
    } catch (error) {
      await noting.stop();
      const fault: unknown = job.abort.signal.aborted ? job.abort.signal.reason : error;
      await this.#noteFault(job, fault);
      job.done.reject(fault);
    }
  }

  /** Once a second at most, and only what is new. */
  #noteProgress(job: Job): { stop(): Promise<void> } {
    const { db, start, log } = this.#options;
    let last: PullProgress | undefined;
    let noting: Promise<void> | undefined;
    const note = async () => {
      const { progress } = job;
      if (last && last.doneBytes === progress.doneBytes && last.totalBytes === progress.totalBytes)
        return;
      last = progress;
      const { doneBytes, totalBytes } = progress;
      const said = { state: "pulling", doneBytes, totalBytes } as const;
      const wanted = await noteImage(db, start, job.version.versionId, said);
      if (!wanted && job.waiting === 0) job.abort.abort(new PullUnwanted());
    };
    const noteSafely = () => {
      noting ??= note()
        .catch((error: unknown) =>
          log.warn({ err: loggable(error) }, "a pull's progress was not noted"),
        )
        .finally(() => (noting = undefined));
    };
    noteSafely();
    const timer = setInterval(noteSafely, noteMs);
    return {
      async stop() {
        clearInterval(timer);
        await noting;
      },
    };
  }

  async #noteFault({ version, progress }: Job, fault: unknown): Promise<void> {
    const { db, start, log } = this.#options;
    const note: ImageNote =
      fault instanceof RuntimeError
        ? {
            state: "failed",
            reason: { code: fault.code, text: fault.message.slice(0, 500) },
            totalBytes: progress.totalBytes,
          }
        : { state: "absent" };
    await noteImage(db, start, version.versionId, note).catch((error: unknown) =>
      log.warn({ err: loggable(error) }, "the end of a pull was not noted; the next look will"),
    );
  }
}
