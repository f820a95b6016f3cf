/**
 * Rotation of the keys that sign tickets. Gateways do it, as they hold the sealing secret; it keeps
 * nothing, so any gateway may ask at any time, and of several that find it due one rotates.
 */
import type { Db } from "../db/client.ts";
import { keySchedule, type KeySchedule } from "../db/key-schedule.ts";
import { listSigningKeys, rotateKeys, rotationIsDue, type Rotation } from "../db/keys.ts";
import { makeKey, openKey } from "./key-sealing.ts";

export interface RotateOptions {
  /** Nothing is done where the newest key has been signing for less, or does not sign yet. */
  readonly olderThanSeconds?: number;
  /** Default: the one that refuses nothing. */
  readonly schedule?: KeySchedule | "at once";
  /** For the audit trail. */
  readonly by: string;
}

/**
 * Publishes a key that takes over from the one that signs.
 *
 * @param secret 32 bytes
 * @returns undefined where it was not due
 * @throws SealedKeyError where the present key was sealed with another secret: gateways could not
 * open the new one either
 */
export async function rotate(
  db: Db,
  secret: Uint8Array,
  { olderThanSeconds = 0, schedule = keySchedule, by }: RotateOptions,
): Promise<Rotation | undefined> {
  const atOnce = schedule === "at once";
  if (!atOnce && !(await rotationIsDue(db, olderThanSeconds))) return undefined;
  const signing = (await listSigningKeys(db)).find((it) => it.state === "signing");
  if (signing) await openKey(secret, signing);
  const key = await makeKey(secret);
  return rotateKeys(db, key, { schedule, by, ...(atOnce ? {} : { olderThanSeconds }) });
}
