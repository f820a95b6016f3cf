import { describe, expect, it } from "vitest";
import type { GpuLook } from "./gpus.ts";
import { lookAtNode } from "./node-report.ts";
import type { NodeSettings } from "./node-settings.ts";
import type { EngineReport } from "./runtimes/runtime.ts";

const gib = 1024 ** 3;
const engine: EngineReport = {
  engineId: "AAAA:BBBB",
  dataRoot: "/",
  cpus: 64,
  memoryBytes: 256 * gib,
  labels: {
    "asci.os": "linux",
    "asci.engine": "docker-20.10.24+dfsg1",
    "asci.host": `${"very-".repeat(20)}long`,
  },
};
const a40 = { uuid: "GPU-1", model: "NVIDIA A40", memoryBytes: 48 * gib };

function look(
  settings: NodeSettings,
  found: GpuLook = { gpus: [a40], fault: undefined },
  of = engine,
) {
  const sources = { known: async () => [], find: async () => found };
  return lookAtNode({ report: async () => of }, settings, "installation", sources);
}

describe("what a node reports", () => {
  it("is what its machine has, with labels that are valid whatever the machine is called", async () => {
    const { report, gpus, fault } = await look({});
    expect(fault).toBeUndefined();
    expect(report).toMatchObject({ cpus: 64, memoryBytes: 256 * gib });
    expect(report.disk?.totalBytes).toBeGreaterThan(report.disk?.freeBytes ?? Infinity);
    expect(gpus).toEqual([{ ...a40, slots: 1 }]);
    const { "asci.host": host, ...labels } = report.labels;
    expect(labels).toEqual({
      "asci.os": "linux",
      "asci.engine": "docker-20.10.24-dfsg1",
      "asci.gpu": "true",
      "asci.gpu.model": "NVIDIA-A40",
      "asci.gpu.count": "1",
      "asci.gpu.memory": "48",
    });
    expect(host).toMatch(/^[a-z-]{1,62}[a-z]$/);
  });

  it("is less where settings keep some of it back, and never more", async () => {
    const less = await look({ ASCI_NODE_CPUS: 8.5, ASCI_NODE_MEMORY: 32 * gib });
    expect(less.report).toMatchObject({ cpus: 8.5, memoryBytes: 32 * gib });
    const more = await look({ ASCI_NODE_CPUS: 640, ASCI_NODE_MEMORY: 1024 * gib });
    expect(more.report).toMatchObject({ cpus: 64, memoryBytes: 256 * gib });
  });

  it("has GPUs as they are declared, before what the tool finds, each with its slots or the default", async () => {
    const other = { ...a40, uuid: "GPU-2", slots: 4 };
    const declared = { ASCI_NODE_GPUS: [other, { ...a40, slots: undefined }], ASCI_GPU_SLOTS: 2 };
    const fault = { code: "gpus_unknown", text: "no tool is asked" };
    const found = await look(declared, { gpus: [{ ...a40, uuid: "GPU-9" }], fault });
    expect(found).toMatchObject({ gpus: [other, { ...a40, slots: 2 }], fault: undefined });
    const none = await look({ ASCI_NODE_GPUS: [] });
    expect(none.gpus).toEqual([]);
    expect(none.report.labels["asci.gpu"]).toBe("false");
  });

  it("tells what could not be made out, and takes declared labels along", async () => {
    const fault = { code: "gpus_unknown", text: "broken" };
    const found = await look({ ASCI_NODE_LABELS: { "asci.zone": "hall-2" } }, { gpus: [], fault });
    expect(found.fault).toEqual(fault);
    expect(found.report.labels).toMatchObject({ "asci.zone": "hall-2", "asci.gpu": "false" });
  });

  it("tells this machine from others, the same at every look", async () => {
    const idOf = async (of: EngineReport) => (await look({}, undefined, of)).report.machineId;
    const own = await idOf(engine);
    expect(own).toMatch(/^[0-9a-f]{32}$/);
    expect(await idOf({ ...engine, cpus: 1 })).toBe(own);
    expect(await idOf({ ...engine, engineId: "CCCC" })).not.toBe(own);
    expect(await idOf({ ...engine, dataRoot: "/var/lib/docker" })).not.toBe(own);
  });
});
