/** How far a pull has come, from the engine's lines about its layers. */
import type { PullStep } from "./runtimes/image-store.ts";

export interface PullProgress {
  /** Downloaded so far, of what is not here yet. */
  readonly doneBytes: number;
  /** Null: not known before every layer has begun. */
  readonly totalBytes: number | null;
  /** Downloading and unpacking counted alike; null as above. */
  readonly percent: number | null;
}

interface Layer {
  downloaded: number;
  unpacked: number;
  /** Undefined: it has not begun. */
  total: number | undefined;
}

export class ImageProgress {
  readonly #layers = new Map<string, Layer>();

  step({ layer: id, status, current = 0, total }: PullStep): void {
    if (id === "" || status === "Already exists") return void this.#layers.delete(id);
    const begins = status === "Pulling fs layer" || status === "Waiting";
    const known = this.#layers.get(id);
    // A tag's own line has an id as well, and is no layer.
    if (!known && !begins && !status.startsWith("Download")) return;
    const layer = known ?? { downloaded: 0, unpacked: 0, total: undefined };
    this.#layers.set(id, layer);
    if (status === "Downloading") {
      layer.total = Math.max(total ?? 0, layer.total ?? 0);
      layer.downloaded = current;
    } else if (status === "Extracting") {
      layer.total = Math.max(total ?? 0, layer.total ?? 0);
      layer.downloaded = layer.total;
      layer.unpacked = current;
    } else if (status === "Download complete" || status === "Verifying Checksum") {
      // So small that it was over before anybody looked.
      layer.total ??= 0;
      layer.downloaded = layer.total;
    } else if (status === "Pull complete") {
      layer.total ??= 0;
      layer.downloaded = layer.total;
      layer.unpacked = layer.total;
    }
  }

  get now(): PullProgress {
    const layers = [...this.#layers.values()];
    const sum = (of: (layer: Layer) => number) => layers.reduce((all, it) => all + of(it), 0);
    const doneBytes = sum((it) => it.downloaded);
    if (layers.length === 0 || layers.some((it) => it.total === undefined))
      return { doneBytes, totalBytes: null, percent: null };
    const totalBytes = sum((it) => it.total ?? 0);
    const unpacked = sum((it) => Math.min(it.unpacked, it.total ?? 0));
    const percent =
      totalBytes === 0 ? null : Math.floor((50 * (doneBytes + unpacked)) / totalBytes);
    return { doneBytes, totalBytes, percent };
  }

  /** Of what has begun: at least so much is still to come. */
  get leftBytes(): number {
    let left = 0;
    for (const it of this.#layers.values()) left += (it.total ?? 0) - it.downloaded;
    return left;
  }
}
