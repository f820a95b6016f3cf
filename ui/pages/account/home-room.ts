import type { Home } from "../../../gateway/schemas.ts";

type Room = Pick<NonNullable<Home["room"]>, "totalBytes" | "freeBytes">;

const lowShare = 0.05;
const lowBytes = 512 * 1024 ** 2;

/** From 0 to 1. */
export function usedShare({ totalBytes, freeBytes }: Room): number {
  return totalBytes <= 0 ? 1 : Math.min(1, Math.max(0, 1 - freeBytes / totalBytes));
}

/** Whether so little is left that programs may lose what they save. On a large storage a small share is still much. */
export function isLow(room: Room): boolean {
  return 1 - usedShare(room) < lowShare && room.freeBytes < lowBytes;
}
