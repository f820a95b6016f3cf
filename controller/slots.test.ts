import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Slots } from "./slots.ts";

const never = new AbortController().signal;
/** Whether it is settled once everything has had its turn that can. */
async function settled(task: Promise<unknown>): Promise<boolean> {
  let done = false;
  const note = () => void (done = true);
  task.then(note, note);
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe("slots of work", () => {
  it("are given to as many as there are, then in turn", async () => {
    const onFree = vi.fn();
    const slots = new Slots(2, onFree);
    await slots.enter(never);
    await slots.enter(never);
    const [third, fourth] = [slots.enter(never), slots.enter(never)];
    expect(await settled(third)).toBe(false);
    expect(slots.free).toBe(0);
    slots.leave();
    expect(await settled(third)).toBe(true);
    expect(await settled(fourth)).toBe(false);
    slots.leave();
    expect(await settled(fourth)).toBe(true);
    expect(onFree).not.toHaveBeenCalled();
    slots.leave();
    expect(slots.free).toBe(1);
    expect(onFree).toHaveBeenCalledOnce();
  });

  it("are others' while one waits, who takes one again before anything new", async () => {
    const slots = new Slots(1, () => {});
    await slots.enter(never);
    const pulled = Promise.withResolvers<string>();
    const waits = slots.aside(() => pulled.promise, never);
    expect(slots.free).toBe(1);
    await slots.enter(never);
    pulled.resolve("here");
    expect(await settled(waits)).toBe(false);
    slots.leave();
    expect(slots.free).toBe(0);
    expect(await waits).toBe("here");
    slots.leave();
    expect(slots.free).toBe(1);
  });

  it("are taken again where what was waited for did not work", async () => {
    const slots = new Slots(1, () => {});
    await slots.enter(never);
    await expect(slots.aside(() => Promise.reject(new Error("no")), never)).rejects.toThrow("no");
    expect(slots.free).toBe(0);
  });

  it("hold up nobody who is called off, whether in the line or aside", async () => {
    const slots = new Slots(1, () => {});
    await slots.enter(never);
    const off = new AbortController();
    const inLine = slots.enter(off.signal);
    expect(await settled(inLine)).toBe(false);
    off.abort(new Error("stopping"));
    await inLine;
    await expect(slots.aside(() => Promise.resolve("late"), off.signal)).rejects.toThrow(
      "stopping",
    );
    slots.leave();
    expect(slots.free).toBe(0);
    slots.leave();
    expect(slots.free).toBe(1);
  });

  it("hold no more than their number, whatever comes, waits and returns", async () => {
    const works = fc.array(fc.array(fc.boolean(), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), works, async (count, all) => {
        const slots = new Slots(count, () => {});
        let [holding, most] = [0, 0];
        const hold = () => (most = Math.max(most, (holding += 1)));
        const work = async (steps: readonly boolean[]) => {
          await slots.enter(never);
          hold();
          for (const waits of steps) {
            if (waits)
              await slots
                .aside(async () => {
                  holding -= 1;
                  await Promise.resolve();
                }, never)
                .then(hold);
            else await Promise.resolve();
          }
          holding -= 1;
          slots.leave();
        };
        await Promise.all(all.map(work));
        expect(most).toBeLessThanOrEqual(count);
        expect([holding, slots.free]).toEqual([0, count]);
      }),
    );
  });
});
