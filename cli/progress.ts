import type { Progress } from "../images/progress.ts";

/** Turns a stream of progress into a few calm lines: each phase once, then every fifth of the way. */
export class ImageProgress {
  readonly #say: (line: string) => void;
  #phase: Progress["phase"] = "check";
  #told = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  report({ phase, percent = 0 }: Progress): void {
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#told = 0;
      if (phase === "debian") this.#say("Getting a Debian for the desktop image");
      if (phase === "build") this.#say("Building the desktop image: some minutes, this once");
    }
    const fifth = Math.floor(percent / 20) * 20;
    if (phase !== "build" || fifth <= this.#told || fifth >= 100) return;
    this.#told = fifth;
    this.#say(`Building the desktop image: ${fifth} %`);
  }
}

/** Of what the engine's set-up says, the sentences are for the terminal; the package manager's output is not. */
export function isSentence(line: string): boolean {
  return /^(Installing|Starting) the Docker engine/.test(line);
}
