import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A log that never takes more than about (1 + kept) × maxBytes: when the file is full it becomes `name.1`, that one
 * `name.2`, and so on. Written synchronously, so that the last words of a crash are on the disk; a disk that is full
 * or a folder that was removed loses lines and stops nothing.
 */
export class LogFile {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #kept: number;
  #bytes: number;

  constructor(path: string, { maxBytes = 10 * 1024 * 1024, kept = 3 } = {}) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#kept = kept;
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    this.#bytes = sizeOf(path);
  }

  write(text: string): void {
    const chunk = Buffer.from(text);
    try {
      if (this.#bytes > 0 && this.#bytes + chunk.length > this.#maxBytes) this.#rotate();
      appendFileSync(this.path, chunk, { mode: 0o640 });
      this.#bytes += chunk.length;
    } catch {
      this.#bytes = sizeOf(this.path);
    }
  }

  #rotate(): void {
    for (let number = this.#kept; number > 0; number--) {
      const from = number === 1 ? this.path : `${this.path}.${number - 1}`;
      try {
        renameSync(from, `${this.path}.${number}`);
      } catch {
        // Not there yet: fewer old files than we keep.
      }
    }
    this.#bytes = 0;
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
