/** The slow loop of a gateway on Node that rotates the keys of tickets when they are old enough. */
import type { Db } from "../../db/client.ts";
import { loggable } from "../../db/errors.ts";
import type { Logger } from "../log.ts";
import { rotate } from "../rotation.ts";

const lookEveryMs = 10 * 60_000;

export interface RotationLoop {
  readonly db: Db;
  readonly log: Logger;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  /** How long a key signs before the next one is published; 0: for ever. */
  readonly periodDays: number;
  /** Default: ten minutes, more or less, so that gateways do not ask together. */
  readonly everyMs?: number;
}

/** @returns how to end it */
export function startRotation(options: RotationLoop): () => void {
  const { db, log, secret, periodDays, everyMs = lookEveryMs } = options;
  let timer: NodeJS.Timeout | undefined;
  let ended = periodDays === 0;

  async function look(): Promise<void> {
    try {
      const olderThanSeconds = periodDays * 24 * 3600;
      const rotation = await rotate(db, secret, { olderThanSeconds, by: "gateway" });
      if (rotation)
        log.info(
          { kid: rotation.published.kid, signFrom: rotation.published.signFrom },
          "published a key that signs tickets from then on",
        );
    } catch (error) {
      if (!ended) log.warn({ err: loggable(error) }, "keys were not rotated; trying again later");
    }
    schedule();
  }
  function schedule(): void {
    if (ended) return;
    timer = setTimeout(() => void look(), everyMs * (0.5 + Math.random()));
    timer.unref();
  }

  schedule();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
