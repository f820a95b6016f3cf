/** GPUs of one node: what is free of them, and which of them a placement takes. */
import type { Gpu, GpuGrant, GpuShare, Size } from "./types.ts";

type GpuNeed = Pick<Size, "gpus" | "gpuMemoryBytes">;

/** A GPU with what is taken of it at this moment of the round. */
export interface GpuRoom {
  readonly uuid: string;
  readonly memoryBytes: number;
  readonly slots: number;
  readonly present: boolean;
  readonly taken: readonly GpuShare[];
  readonly freeMemoryBytes: number;
  readonly freeSlots: number;
}

function roomOf(gpu: Omit<GpuRoom, "freeMemoryBytes" | "freeSlots">): GpuRoom {
  const used = gpu.taken.reduce((sum, it) => sum + it.memoryBytes, 0);
  return {
    ...gpu,
    freeMemoryBytes: Math.max(0, gpu.memoryBytes - used),
    // Slots may have been made fewer than are taken.
    freeSlots: Math.max(0, gpu.slots - gpu.taken.length),
  };
}

export function openGpus(gpus: readonly Gpu[]): GpuRoom[] {
  return gpus
    .map(({ uuid, memoryBytes, slots, present, taken }) =>
      roomOf({ uuid, memoryBytes, slots, present, taken }),
    )
    .sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
}

/** Whether one GPU has room for one share; null: for a desktop that wants it whole. */
function hasRoom(room: GpuRoom, memoryBytes: number | null): boolean {
  if (!room.present) return false;
  if (memoryBytes === null) return room.taken.length === 0;
  return room.freeSlots > 0 && memoryBytes <= room.freeMemoryBytes;
}

export function fitsGpus(rooms: readonly GpuRoom[], need: GpuNeed): boolean {
  if (need.gpus === 0) return true;
  let found = 0;
  for (const room of rooms) {
    if (hasRoom(room, need.gpuMemoryBytes)) found += 1;
    if (found >= need.gpus) return true;
  }
  return false;
}

/** How many can be taken whole. */
export function wholeGpus(rooms: readonly GpuRoom[]): number {
  let whole = 0;
  for (const room of rooms) if (hasRoom(room, null)) whole += 1;
  return whole;
}

/** The most memory that a share of one of them could have; -1: none has a share left. */
export function largestShare(rooms: readonly GpuRoom[]): number {
  return rooms.reduce(
    (most, it) => (hasRoom(it, 0) ? Math.max(most, it.freeMemoryBytes) : most),
    -1,
  );
}

/** Whether the GPUs would do if nothing were taken, also those that are away at the moment. */
export function couldFitGpus(rooms: readonly GpuRoom[], need: GpuNeed): boolean {
  const memory = need.gpuMemoryBytes ?? 0;
  let large = 0;
  for (const room of rooms) if (room.memoryBytes >= memory) large += 1;
  return large >= need.gpus;
}

/** The first to be taken: one that is shared already, the fullest of them, so that whole GPUs stay free. */
function tighter(a: GpuRoom, b: GpuRoom): number {
  const shared = Number(b.taken.length > 0) - Number(a.taken.length > 0);
  return (
    shared ||
    a.freeMemoryBytes - b.freeMemoryBytes ||
    a.freeSlots - b.freeSlots ||
    (a.uuid < b.uuid ? -1 : 1)
  );
}

function sharesOf(room: GpuRoom, memoryBytes: number | null): GpuShare[] {
  if (memoryBytes === null)
    return Array.from({ length: room.slots }, (_, slot) => ({
      slot,
      memoryBytes: slot === 0 ? room.memoryBytes : 0,
    }));
  const taken = new Set(room.taken.map((it) => it.slot));
  let slot = 0;
  while (taken.has(slot)) slot += 1;
  return [{ slot, memoryBytes }];
}

/** Which GPUs and slots a placement takes; null: they do not do. */
export function chooseGpus(rooms: readonly GpuRoom[], need: GpuNeed): GpuGrant[] | null {
  if (need.gpus === 0) return [];
  const chosen = rooms
    .filter((it) => hasRoom(it, need.gpuMemoryBytes))
    .sort(tighter)
    .slice(0, need.gpus);
  if (chosen.length < need.gpus) return null;
  return chosen.map((it) => ({ uuid: it.uuid, shares: sharesOf(it, need.gpuMemoryBytes) }));
}

export function takeGpus(rooms: readonly GpuRoom[], grants: readonly GpuGrant[]): GpuRoom[] {
  return rooms.map((room) => {
    const grant = grants.find((it) => it.uuid === room.uuid);
    return grant ? roomOf({ ...room, taken: [...room.taken, ...grant.shares] }) : room;
  });
}

export function returnGpus(rooms: readonly GpuRoom[], grants: readonly GpuGrant[]): GpuRoom[] {
  return rooms.map((room) => {
    const slots = grants.find((it) => it.uuid === room.uuid)?.shares.map((it) => it.slot);
    if (!slots) return room;
    return roomOf({ ...room, taken: room.taken.filter((it) => !slots.includes(it.slot)) });
  });
}

/**
 * Which shares an instance holds that took `need`, where only the sums are known: those of its size.
 * What it is good for is an expectation; the allocation's own rows say it for sure.
 */
export function sharesHeld(rooms: readonly GpuRoom[], need: GpuNeed): GpuGrant[] {
  if (need.gpus === 0) return [];
  const holds = (room: GpuRoom) =>
    room.taken.find((it) => need.gpuMemoryBytes === null || it.memoryBytes === need.gpuMemoryBytes);
  return rooms
    .flatMap((room) => {
      const share = holds(room);
      if (!share) return [];
      const whole = share.memoryBytes >= room.memoryBytes;
      return [{ uuid: room.uuid, shares: whole ? room.taken : [share] }];
    })
    .slice(0, need.gpus);
}

/** Whether what something has of GPUs is as much as this. @param rooms the GPUs of its node */
export function hasGpusOf(
  wanted: GpuNeed,
  { gpus, gpuMemoryBytes }: GpuNeed,
  rooms: readonly GpuRoom[],
): boolean {
  if (wanted.gpus === 0) return true;
  if (gpus < wanted.gpus) return false;
  // Of a GPU that is taken whole its memory is all of it, or is not named.
  if (gpuMemoryBytes === null) return true;
  if (wanted.gpuMemoryBytes !== null) return gpuMemoryBytes >= wanted.gpuMemoryBytes;
  return rooms.some((it) => it.memoryBytes <= gpuMemoryBytes);
}

/** Of all GPUs of a node how much is taken, of memory or slots what is more; 0 to their number. */
export function gpusUsed(rooms: readonly GpuRoom[]): number {
  return rooms.reduce((sum, it) => {
    if (!it.present) return sum;
    const memory = 1 - it.freeMemoryBytes / it.memoryBytes;
    return sum + Math.max(memory, it.slots > 0 ? 1 - it.freeSlots / it.slots : 1);
  }, 0);
}
