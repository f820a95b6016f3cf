/** Lines for the person at the terminal, or for the log that the output goes to. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function sayError(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A terminal that went away, or a `| head` that has seen enough, must not end ASCI. */
export function tolerateClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** Lets a line through once and then not again for a while: what repeats goes to the log only. */
export class Calm {
  readonly #quietMs: number;
  readonly #seen = new Map<string, number>();

  constructor(quietMs = 60_000) {
    this.#quietMs = quietMs;
  }

  /** @param nowMs any clock that does not go back */
  isNews(line: string, nowMs: number): boolean {
    const before = this.#seen.get(line);
    if (before !== undefined && nowMs - before < this.#quietMs) return false;
    for (const [old, at] of this.#seen) if (nowMs - at >= this.#quietMs) this.#seen.delete(old);
    this.#seen.set(line, nowMs);
    return true;
  }
}
