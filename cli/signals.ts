import { readFileSync } from "node:fs";

/**
 * Counts what a person wants, not what arrives: one Ctrl-C comes twice or three times, from the terminal, from npm and
 * from the bootstrap, within milliseconds.
 */
export class SignalCounter {
  readonly #windowMs: number;
  #last: number | undefined;
  #count = 0;

  constructor(windowMs = 400) {
    this.#windowMs = windowMs;
  }

  /**
   * @param nowMs any clock that does not go back
   * @returns which request this is, or 0 for an echo of the one before
   */
  arrived(nowMs: number): number {
    const echo = this.#last !== undefined && nowMs - this.#last < this.#windowMs;
    if (echo) return 0;
    this.#last = nowMs;
    return ++this.#count;
  }
}

/** The signals that ask us to end; a hang-up is not among them under nohup, which has it ignored. */
function endingSignals(): NodeJS.Signals[] {
  return isHangUpIgnored() ? ["SIGINT", "SIGTERM"] : ["SIGINT", "SIGTERM", "SIGHUP"];
}

function isHangUpIgnored(): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return (BigInt(`0x${mask ?? "0"}`) & 1n) === 1n;
  } catch {
    return false;
  }
}

/**
 * @param handle called with 1 for the first request to end, 2 for the second …
 * @returns stops listening
 */
export function onEndingSignal(
  handle: (request: number, signal: NodeJS.Signals) => void,
): () => void {
  const counter = new SignalCounter();
  const listener = (signal: NodeJS.Signals): void => {
    const request = counter.arrived(performance.now());
    if (request > 0) handle(request, signal);
  };
  const signals = endingSignals();
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
