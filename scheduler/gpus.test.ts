import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseGpus,
  couldFitGpus,
  fitsGpus,
  gpusUsed,
  openGpus,
  returnGpus,
  sharesHeld,
  takeGpus,
} from "./gpus.ts";
import { gib, gpu } from "./testing.ts";

const share = (gpus: number, gibs: number) => ({ gpus, gpuMemoryBytes: gibs * gib });
const whole = (gpus: number) => ({ gpus, gpuMemoryBytes: null });
const taken = (gibs: number, slot = 0) => [{ slot, memoryBytes: gibs * gib }];

describe("chooseGpus", () => {
  it("takes all slots of a whole GPU, its memory on the first", () => {
    const rooms = openGpus([gpu("GPU-1", { slots: 2 })]);
    expect(chooseGpus(rooms, whole(1))).toEqual([
      {
        uuid: "GPU-1",
        shares: [
          { slot: 0, memoryBytes: 40 * gib },
          { slot: 1, memoryBytes: 0 },
        ],
      },
    ]);
  });

  it("shares the fullest GPU that will do, so that whole ones stay free", () => {
    const rooms = openGpus([
      gpu("GPU-1"),
      gpu("GPU-2", { taken: taken(10) }),
      gpu("GPU-3", { taken: taken(30) }),
    ]);
    const uuid = (gibs: number) => chooseGpus(rooms, share(1, gibs))?.[0]?.uuid;
    expect([uuid(10), uuid(11), uuid(31)]).toEqual(["GPU-3", "GPU-2", "GPU-1"]);
    expect(chooseGpus(rooms, whole(1))?.[0]?.uuid).toBe("GPU-1");
    expect(chooseGpus(rooms, whole(2))).toBeNull();
  });

  it("gives the lowest free slot, and none of a GPU that is gone or shared out", () => {
    const rooms = openGpus([
      gpu("GPU-1", { present: false }),
      gpu("GPU-2", { slots: 1, taken: taken(1) }),
      gpu("GPU-3", { slots: 3, taken: [...taken(1, 0), ...taken(1, 2)] }),
    ]);
    expect(chooseGpus(rooms, share(1, 1))).toEqual([
      { uuid: "GPU-3", shares: [{ slot: 1, memoryBytes: gib }] },
    ]);
    expect(chooseGpus(rooms, share(2, 1))).toBeNull();
    // Slots were made fewer than are taken.
    const fewer = openGpus([gpu("GPU-4", { slots: 1, taken: taken(1, 3) })]);
    expect(fitsGpus(fewer, share(1, 1))).toBe(false);
  });

  it("counts those that are away for what could ever fit", () => {
    const rooms = openGpus([gpu("GPU-1", { present: false, taken: taken(40) })]);
    expect(couldFitGpus(rooms, share(1, 40))).toBe(true);
    expect(couldFitGpus(rooms, share(1, 41))).toBe(false);
    expect(couldFitGpus(rooms, whole(2))).toBe(false);
  });
});

describe("GPUs that are taken and given back", () => {
  const need = fc.record({
    gpus: fc.integer({ min: 0, max: 3 }),
    gpuMemoryBytes: fc.constantFrom(null, gib, 7 * gib, 20 * gib),
  });
  const site = fc
    .array(fc.record({ slots: fc.integer({ min: 1, max: 5 }), present: fc.boolean() }), {
      maxLength: 4,
    })
    .map((all) => openGpus(all.map((it, at) => gpu(`GPU-${at}`, it))));

  it("never hold more than there is, and no slot twice", () => {
    fc.assert(
      fc.property(site, fc.array(need, { maxLength: 20 }), (empty, needs) => {
        let rooms = empty;
        const held = [];
        for (const one of needs) {
          const grants = chooseGpus(rooms, one);
          expect(grants !== null).toBe(fitsGpus(rooms, one));
          if (!grants) continue;
          expect(grants).toHaveLength(one.gpus);
          rooms = takeGpus(rooms, grants);
          held.push({ one, grants });
          for (const { taken, slots, memoryBytes } of rooms) {
            const numbers = taken.map((it) => it.slot);
            expect(new Set(numbers).size).toBe(numbers.length);
            expect(Math.max(-1, ...numbers)).toBeLessThan(slots);
            const memory = taken.reduce((sum, it) => sum + it.memoryBytes, 0);
            expect(memory).toBeLessThanOrEqual(memoryBytes);
          }
        }
        for (const { grants } of held.toReversed()) rooms = returnGpus(rooms, grants);
        expect(rooms).toEqual(empty);
        expect(gpusUsed(rooms)).toBe(0);
      }),
    );
  });

  it("are found again by what an instance took", () => {
    const rooms = openGpus([gpu("GPU-1"), gpu("GPU-2")]);
    const grants = chooseGpus(rooms, whole(1)) ?? [];
    const full = takeGpus(
      takeGpus(rooms, grants),
      chooseGpus(takeGpus(rooms, grants), share(1, 5)) ?? [],
    );
    // What the database knows of a whole GPU is all of its memory.
    expect(sharesHeld(full, share(1, 40))).toEqual(grants);
    expect(sharesHeld(full, share(1, 5))).toEqual([{ uuid: "GPU-2", shares: taken(5) }]);
    expect(sharesHeld(full, share(0, 0))).toEqual([]);
  });
});
