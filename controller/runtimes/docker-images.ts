import { statfs } from "node:fs/promises";
import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { guarded, settled, toRuntimeError, type EngineFault } from "./docker-faults.ts";
import { jsonLines } from "./json-lines.ts";
import { parseImageName, type ImageStore, type LocalImage, type PullStep } from "./image-store.ts";
import { RuntimeError } from "./runtime.ts";

/** A registry that sends nothing for so long is given up. */
const silenceMs = 120_000;

interface PullLine {
  readonly id?: string;
  readonly status?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

/** What the engine says of a pull that did not work; of some registries only by its words. */
function pullFault(error: unknown): RuntimeError {
  const known = toRuntimeError(error);
  const words = known.message;
  if (known.code === "disk_full" || known.code === "engine_unreachable") return known;
  const options = { cause: error };
  if (known.code === "not_found" || /manifest unknown|name unknown|not found/i.test(words))
    return new RuntimeError("not_found", words, options);
  return new RuntimeError("image_pull_failed", `The image cannot be pulled: ${words}`, options);
}

const digestOf = (name: string) => name.slice(name.indexOf("@") + 1);

function stepOf({ id = "", status = "", progressDetail }: PullLine): PullStep {
  return { layer: id, status, current: progressDetail?.current, total: progressDetail?.total };
}

export class DockerImages implements ImageStore {
  readonly #docker: Docker;
  readonly #calls: Docker;
  #root: string | undefined;

  /**
   * @param docker should give up on calls that are not answered
   * @param calls must not: pulls and events take as long as they take
   */
  constructor(docker: Docker, calls: Docker) {
    this.#docker = docker;
    this.#calls = calls;
  }

  async list(): Promise<LocalImage[]> {
    const found = await guarded(this.#docker.listImages());
    return found.map((it) => ({
      id: it.Id,
      digests: (it.RepoDigests ?? []).map(digestOf),
      sizeBytes: it.Size,
    }));
  }

  async find(image: string, digest: string): Promise<LocalImage | undefined> {
    return (
      (await this.#inspect(digest)) ??
      (await this.#inspect(`${parseImageName(image).repository}@${digest}`)) ??
      // It may have come under another name.
      (await this.list()).find((it) => it.digests.includes(digest))
    );
  }

  async #inspect(name: string): Promise<LocalImage | undefined> {
    try {
      const it = await this.#docker.getImage(name).inspect();
      return { id: it.Id, digests: (it.RepoDigests ?? []).map(digestOf), sizeBytes: it.Size };
    } catch (error) {
      // 400: such a name no image can have.
      if ([400, 404].includes((error as EngineFault).statusCode ?? 0)) return undefined;
      throw toRuntimeError(error);
    }
  }

  async pull(
    repository: string,
    tag: string,
    onStep: (step: PullStep) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const silent = new AbortController();
    const timer = setTimeout(() => silent.abort(), silenceMs);
    const ends = AbortSignal.any([signal, silent.signal]);
    try {
      const options = { fromImage: repository, tag, abortSignal: ends };
      const stream = (await this.#calls.createImage(options as object)) as Readable;
      for await (const line of jsonLines(stream)) {
        timer.refresh();
        const step = line as PullLine;
        if (step.error !== undefined) throw new Error(step.error);
        onStep(stepOf(step));
      }
      signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      throw pullFault(
        silent.signal.aborted
          ? new Error(`the registry has sent nothing for ${silenceMs / 1000} s`)
          : error,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  async tag(id: string, repository: string, tag: string): Promise<void> {
    await guarded(this.#docker.getImage(id).tag({ repo: repository, tag }));
  }

  async untag(name: string): Promise<void> {
    await settled(this.#docker.getImage(name).remove({ force: false }), [404, 409]);
  }

  async remove(id: string): Promise<void> {
    try {
      await this.#docker.getImage(id).remove({ force: false });
    } catch (error) {
      const { statusCode } = error as EngineFault;
      if (statusCode === 404) return;
      if (statusCode === 409)
        throw new RuntimeError("image_in_use", "The image is in use.", { cause: error });
      throw toRuntimeError(error);
    }
  }

  async inUse(): Promise<Set<string>> {
    const all = await guarded(this.#docker.listContainers({ all: true }));
    return new Set(all.map((it) => it.ImageID));
  }

  async freeBytes(): Promise<number | null> {
    this.#root ??= String((await guarded(this.#docker.info())).DockerRootDir ?? "");
    return statfs(this.#root).then(
      ({ bsize, bavail }) => bavail * bsize,
      () => null,
    );
  }

  async usedBytes(): Promise<number> {
    const { LayersSize } = (await guarded(this.#docker.df())) as { LayersSize?: number };
    return LayersSize ?? 0;
  }

  async watch(onChange: () => void, signal: AbortSignal): Promise<void> {
    const filters = {
      type: ["image"],
      event: ["pull", "load", "import", "tag", "untag", "delete"],
    };
    const options = { filters: JSON.stringify(filters), abortSignal: signal };
    const stream = (await guarded(this.#calls.getEvents(options as object))) as Readable;
    try {
      onChange();
      for await (const _ of jsonLines(stream)) onChange();
    } finally {
      stream.destroy();
    }
  }
}
