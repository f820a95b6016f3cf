import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpusFor, desktopLimits, readKernelLimits } from "./limits.ts";

const gib = 1024 ** 3;
const roomy = { pidMax: 4_194_304, threadsMax: 1_000_000 };

describe("processes of one desktop", () => {
  it("are 4096 where the kernel has plenty, 1024 where it has few, and a fair share between", () => {
    const node = { cpus: 8, memoryBytes: 16 * gib };
    expect(desktopLimits(node, roomy).pids).toBe(4096);
    // 32 desktops share half of 131,072.
    expect(desktopLimits(node, { pidMax: 131_072, threadsMax: 200_000 }).pids).toBe(2048);
    expect(desktopLimits(node, { pidMax: 200_000, threadsMax: 131_072 }).pids).toBe(2048);
    expect(desktopLimits(node, { pidMax: 32_768, threadsMax: 192_730 }).pids).toBe(1024);
  });

  it("all together leave half of the kernel's, unless each has its least", () => {
    const size = fc.record({
      cpus: fc.integer({ min: 1, max: 512 }),
      memoryBytes: fc.nat(2 ** 42),
    });
    const kernel = fc.record({
      pidMax: fc.integer({ min: 300, max: 2 ** 22 }),
      threadsMax: fc.integer({ min: 300, max: 2 ** 22 }),
    });
    fc.assert(
      fc.property(size, kernel, (node, numbers) => {
        const { pids } = desktopLimits(node, numbers);
        expect(Number.isInteger(pids)).toBe(true);
        expect(pids).toBeGreaterThanOrEqual(1024);
        expect(pids).toBeLessThanOrEqual(4096);
        const desktops = Math.floor(node.memoryBytes / (gib / 2));
        if (pids > 1024)
          expect(pids * desktops).toBeLessThanOrEqual(
            Math.min(numbers.pidMax, numbers.threadsMax) / 2,
          );
      }),
    );
  });

  it("are reckoned with the running kernel's numbers", async () => {
    const { pidMax, threadsMax } = await readKernelLimits();
    expect(pidMax).toBe(Number(await readFile("/proc/sys/kernel/pid_max", "utf8")));
    expect(threadsMax).toBe(Number(await readFile("/proc/sys/kernel/threads-max", "utf8")));
  });
});

describe("cores of one desktop", () => {
  const limitsOf = (cpus: number) => desktopLimits({ cpus, memoryBytes: 8 * gib }, roomy);

  it("leave some of the node to others where the environment says nothing", () => {
    expect([1, 2, 4, 8, 16, 64].map((it) => cpusFor(null, limitsOf(it)))).toEqual([
      0.75, 1.75, 3.5, 7, 14, 62,
    ]);
  });

  it("are the environment's, but no more than the node has", () => {
    expect(cpusFor(1.5, limitsOf(4))).toBe(1.5);
    expect(cpusFor(4, limitsOf(4))).toBe(4);
    expect(cpusFor(16, limitsOf(4))).toBe(4);
    expect(cpusFor(0.001, limitsOf(4))).toBe(0.01);
  });
});
