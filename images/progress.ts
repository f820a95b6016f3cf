/** How far the making of an image is, for a person to follow. */
export interface Progress {
  /** `check`: looking what is there; `debian`: getting a bare Debian; `build`: installing the desktop on it. */
  phase: "check" | "debian" | "build";
  step?: number;
  steps?: number;
  /** The newest line of output, or a sentence. */
  line: string;
  /** 0 to 100 within the phase, an estimate. */
  percent?: number;
}

export type OnProgress = (progress: Progress) => void;

const keptLines = 15;

/** Reads the output of the builder line by line, and knows how far it is and how it ended. */
export class BuildLog {
  readonly #last: string[] = [];
  #step = 0;
  #steps = 0;
  #packages = 0;
  #handled = 0;
  #percent = 0;

  /** The last lines of output. */
  get last(): readonly string[] {
    return this.#last;
  }

  /** Takes one line of the builder's output; undefined when it says nothing new to a person. */
  add(text: string): Progress | undefined {
    const line = text.trimEnd();
    if (line === "") return undefined;
    this.#last.push(line);
    if (this.#last.length > keptLines) this.#last.shift();
    this.#readStep(line);
    this.#readPackages(line);
    this.#percent = Math.max(this.#percent, this.#estimate());
    return {
      phase: "build",
      step: this.#step,
      steps: this.#steps,
      line,
      percent: this.#percent,
    };
  }

  #readStep(line: string): void {
    const match = /^Step (\d+)\/(\d+) :/.exec(line);
    if (match === null) return;
    this.#step = Number(match[1]);
    this.#steps = Number(match[2]);
    this.#packages = 0;
    this.#handled = 0;
  }

  /** apt says first how many packages come, then one line each for fetching, unpacking and setting up. */
  #readPackages(line: string): void {
    const coming = /(\d+) newly installed/.exec(line);
    if (coming !== null) this.#packages = Number(coming[1]);
    else if (/^(Get:\d+ |Unpacking |Setting up )/.test(line)) this.#handled += 1;
  }

  #estimate(): number {
    if (this.#steps === 0) return 0;
    const within = this.#packages === 0 ? 0 : Math.min(1, this.#handled / (3 * this.#packages));
    // The step with the many packages takes nearly all the time, so it gets nearly all of the scale.
    const large = this.#packages >= 100;
    if (large) return Math.round(5 + 80 * within);
    const done = (this.#step - 1) / this.#steps;
    return Math.round(this.#percent >= 80 ? 85 + 15 * done : 5 * done);
  }
}
