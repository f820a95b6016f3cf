import type { Environment, Instance } from "../../gateway/schemas.ts";
import {
  extendInstance,
  getInstance,
  restartInstance,
  startInstance,
  stopInstance,
} from "./calls.ts";
import { isTouch, touchBarPx } from "../viewer/touch-bar.ts";
import { ApiError, isPassing } from "./errors.ts";
import { acceptInstance, guessInstance, markAsked } from "./instance-cache.ts";
import { randomId } from "./random-id.ts";

/** Two quiet tries more: with the same key the server starts one desktop, however often it is asked. */
const startTries = 3;
const startRetryMs = 400;

export interface StartChoice {
  readonly version?: string | undefined;
  /** A code. */
  readonly experiment?: string | undefined;
}

/**
 * Starts an environment; answers as soon as the wish is accepted.
 *
 * @throws {ApiError}
 */
export async function start(
  environment: Environment,
  { version, experiment }: StartChoice = {},
): Promise<Instance> {
  const key = randomId();
  const body = {
    environment: environment.slug,
    ...(version === undefined ? {} : { version }),
    ...(experiment === undefined ? {} : { experiment }),
    ...firstScreen(),
  };
  for (let attempt = 1; ; attempt += 1) {
    const asked = markAsked();
    try {
      return acceptInstance(await startInstance(body, key), asked);
    } catch (error) {
      const worthIt = isPassing(error) && !(error instanceof ApiError && error.status === 429);
      if (attempt >= startTries || !worthIt) throw error;
      await new Promise((resolve) => setTimeout(resolve, startRetryMs * attempt));
    }
  }
}

/** The viewer fills the window: a desktop that starts in its size needs no resize. */
export function firstScreen(): { screen?: { width: number; height: number } } {
  const [width, height] = [innerWidth, innerHeight - (isTouch() ? touchBarPx : 0)];
  return width >= 200 && height >= 200 && width <= 8192 && height <= 8192
    ? { screen: { width, height } }
    : {};
}

/**
 * Stops an instance. Shown at once; taken back where the server says no.
 *
 * @throws {ApiError}
 */
export async function stop(instance: Instance): Promise<Instance> {
  return wish(instance, { state: "stopping", desired: "stopped" }, stopInstance);
}

/**
 * Restarts a live instance, or starts an ended one again.
 *
 * @throws {ApiError}
 */
export async function restart(instance: Instance): Promise<Instance> {
  return wish(instance, { desired: "running" }, restartInstance);
}

/**
 * Gives a live instance as much time again as its rule gave it.
 *
 * @throws {ApiError}
 */
export async function extend(instance: Instance): Promise<Instance> {
  return wish(instance, {}, extendInstance);
}

async function wish(
  instance: Instance,
  guess: Partial<Instance>,
  ask: (id: string) => Promise<Instance>,
): Promise<Instance> {
  const asked = markAsked();
  const takeBack = guessInstance(instance, guess);
  try {
    return acceptInstance(await ask(instance.id), asked);
  } catch (error) {
    takeBack();
    if (error instanceof ApiError && error.status === 409) await lookAgain(instance.id);
    throw error;
  }
}

/** Someone was quicker: what it is now says more than the refusal. */
async function lookAgain(id: string): Promise<void> {
  const asked = markAsked();
  await getInstance(id).then(
    (now) => acceptInstance(now, asked),
    () => {},
  );
}
