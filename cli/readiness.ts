import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "./failure.ts";

const limitMs = 60_000;
const patienceMs = 10_000;

/**
 * Waits until the gateway at `url` says that everything it needs is there.
 * @throws Failure `process_failed`
 */
export async function untilReady(url: string, onLine: (line: string) => void): Promise<void> {
  const started = Date.now();
  let told = false;
  for (;;) {
    const answer = await ask(url);
    if (answer === "ready") return;
    const waitedMs = Date.now() - started;
    if (waitedMs > limitMs) {
      throw new Failure(
        "process_failed",
        `ASCI is up but not ready after ${limitMs / 1_000} s: ${answer}`,
      );
    }
    if (!told && waitedMs > patienceMs) {
      told = true;
      onLine(`Still waiting: ${answer}`);
    }
    await delay(25);
  }
}

async function ask(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
    const text = await response.text();
    return response.ok ? "ready" : text.slice(0, 1_000);
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return `the gateway does not answer (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}
