/**
 * The life of a key that signs tickets: published, signing, accepted, retired. A rotation writes all
 * of its times at once, as the database's clock counts them; from then on nobody has to act.
 *
 *     new key     | published ............ | signs ....................
 *     old key     | signs ................ | accepted ... | retired
 *                   publishedAheadSeconds    acceptedAfterSeconds
 */

/** `accepted`: it signs no more, and what it signed is still taken. */
export type KeyState = "published" | "signing" | "accepted" | "retired";

/** How long a ticket may lie unused, and so how long after its last signature a key is needed. */
export const ticketLifeSeconds = 30;

/** How old the copy of the public keys may be that a gateway or a relay works with. */
export const keyCopyMaxAgeSeconds = 60;

/** How long others may keep what the JWKS address answered, counted from a gateway's own copy. */
export const jwksMaxAgeSeconds = 60;

export interface KeySchedule {
  /**
   * From a key's publication until it signs, and its predecessor stops signing. Longer than any copy
   * of the keys may be old, so that everybody who checks a signature knows the key by then.
   */
  readonly publishedAheadSeconds: number;
  /** From when a key stops signing until it is retired: longer than a ticket lives. */
  readonly acceptedAfterSeconds: number;
}

export const keySchedule: KeySchedule = { publishedAheadSeconds: 300, acceptedAfterSeconds: 120 };
