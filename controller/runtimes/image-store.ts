/** What a controller needs of whatever keeps a node's images. */

export interface LocalImage {
  readonly id: string;
  /** Under which registries have it. */
  readonly digests: readonly string[];
  readonly sizeBytes: number;
}

/** One line of a pull's story. */
export interface PullStep {
  readonly layer: string;
  readonly status: string;
  /** Of what the status names; undefined where it has no measure. */
  readonly current: number | undefined;
  readonly total: number | undefined;
}

export interface ImageStore {
  list(): Promise<LocalImage[]>;
  /** By its id, or by the digest under which a registry has it. */
  find(image: string, digest: string): Promise<LocalImage | undefined>;
  /**
   * @param tag of the repository, or a digest
   * @throws RuntimeError `not_found` where the registry has no such thing, `image_pull_failed`, `disk_full`
   */
  pull(
    repository: string,
    tag: string,
    onStep: (step: PullStep) => void,
    signal: AbortSignal,
  ): Promise<void>;
  tag(id: string, repository: string, tag: string): Promise<void>;
  /** Forgets a name; the image goes with its last one. */
  untag(name: string): Promise<void>;
  /** @throws RuntimeError `image_in_use` where a container or another name needs it */
  remove(id: string): Promise<void>;
  /** Ids of the images that containers were made from, anybody's, running or not. */
  inUse(): Promise<Set<string>>;
  /** Room on the disk that images lie on, in bytes; null where it cannot be looked at. */
  freeBytes(): Promise<number | null>;
  /** What all images take together, what they share counted once. */
  usedBytes(): Promise<number>;
  /** Calls back for whatever happens to images, and when it begins to watch, until the stream breaks. */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
}

/** An image's name as far as a pull needs it; see "Image references" in Docker's documentation. */
export interface ImageName {
  readonly repository: string;
  /** Undefined: none. */
  readonly tag: string | undefined;
  /** Whether it says where it is to be had: else it may be anybody's. */
  readonly namesRegistry: boolean;
}

export function parseImageName(image: string): ImageName {
  const [name = ""] = image.split("@");
  const colon = name.lastIndexOf(":");
  const hasTag = colon > name.lastIndexOf("/");
  const repository = hasTag ? name.slice(0, colon) : name;
  const [host = "", ...path] = repository.split("/");
  return {
    repository,
    tag: hasTag ? name.slice(colon + 1) : undefined,
    namesRegistry: path.length > 0 && (/[.:]/.test(host) || host === "localhost"),
  };
}
