import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findGpus, gpuLabels, readGpus } from "./gpus.ts";

const mib = 1024 ** 2;
const a40 = "GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77";
const a100 = "GPU-8b9d3a11-0000-4c1d-9e3d-5d5ba0d6d33d";

let folder: string;
let tool: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "asci-smi-"));
  tool = join(folder, "nvidia-smi");
});
afterAll(() => rm(folder, { recursive: true }));

/** NVIDIA's tool as it answers on machines that this one is not. */
async function answers({ cards = "", list = "", error = "", code = 0 }): Promise<string> {
  const script = `#!/bin/sh
case "$*" in
  -L) printf '%s' '${list}' ;;
  "--query-gpu=uuid,name,memory.total,mig.mode.current --format=csv,noheader,nounits") printf '%s' '${cards}' ;;
  *) echo "unknown: $*" ; exit 2 ;;
esac
printf '%s' '${error}' >&2
exit ${code}
`;
  await writeFile(tool, script);
  await chmod(tool, 0o755);
  return tool;
}
const look = async (answer: Parameters<typeof answers>[0]) => findGpus([await answers(answer)]);

describe("a node's GPUs", () => {
  it("are none where the tool is not there, or finds no card", async () => {
    const none = { gpus: [], fault: undefined };
    expect(await findGpus([join(folder, "elsewhere")])).toEqual(none);
    expect(await look({ cards: "No devices were found\n", code: 6 })).toEqual(none);
  });

  it("have UUID, model and memory", async () => {
    const cards = `${a40}, NVIDIA A40, 46068, Disabled\nGPU-2, Quadro RTX 6000, 24576, [N/A]\n`;
    expect(await look({ cards })).toEqual({
      gpus: [
        { uuid: a40, model: "NVIDIA A40", memoryBytes: 46_068 * mib },
        { uuid: "GPU-2", model: "Quadro RTX 6000", memoryBytes: 24_576 * mib },
      ],
      fault: undefined,
    });
  });

  it("are their slices where MIG is on, of new drivers and of old ones", async () => {
    const cards = `${a40}, NVIDIA A40, 46068, [N/A]\n${a100}, NVIDIA A100-SXM4-40GB, 40960, Enabled\n`;
    const list = `GPU 0: NVIDIA A40 (UUID: ${a40})
GPU 1: NVIDIA A100-SXM4-40GB (UUID: ${a100})
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 1g.5gb      Device  1: (UUID: MIG-${a100}/11/0)
`;
    const { gpus, fault } = await look({ cards, list });
    expect(fault).toBeUndefined();
    expect(gpus).toEqual([
      { uuid: a40, model: "NVIDIA A40", memoryBytes: 46_068 * mib },
      {
        uuid: "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f",
        model: "NVIDIA A100-SXM4-40GB MIG 3g.20gb",
        memoryBytes: 20e9,
      },
      { uuid: `MIG-${a100}/11/0`, model: "NVIDIA A100-SXM4-40GB MIG 1g.5gb", memoryBytes: 5e9 },
    ]);
    const cut = await look({ cards, list: `GPU 1: NVIDIA A100-SXM4-40GB (UUID: ${a100})\n` });
    expect(cut.gpus?.map((it) => it.uuid)).toEqual([a40]);
    expect(cut.fault?.text).toContain(`MIG is on for ${a100}, and it has no slices`);
  });

  it("are not known where the tool is broken, and its words say why", async () => {
    const error = "Failed to initialize NVML: Driver/library version mismatch\n";
    expect(await look({ error, code: 18 })).toEqual({
      gpus: undefined,
      fault: {
        code: "gpus_unknown",
        text: "Not every GPU can be made out: nvidia-smi says: Failed to initialize NVML: Driver/library version mismatch",
      },
    });
  });

  it("are those that can be made out where one is lost, or says nothing of its memory", async () => {
    const lost = "Unable to determine the device handle for GPU 0000:3B:00.0: GPU is lost.";
    const one = await look({ cards: `${a40}, NVIDIA A40, 46068, [N/A]\n`, error: lost, code: 15 });
    expect(one.gpus?.map((it) => it.uuid)).toEqual([a40]);
    expect(one.fault?.text).toContain("GPU is lost");
    for (const line of [
      "GPU-9, GB10, [N/A], [N/A]",
      "nonsense",
      "GPU-9, A40, -5, [N/A]",
      "GPU-9, A40, 0, [N/A]",
    ]) {
      const { gpus, fault } = readGpus(`${a40}, NVIDIA A40, 46068, [N/A]\n${line}\n`, "");
      expect(gpus?.map((it) => it.uuid)).toEqual([a40]);
      expect(fault?.text).toContain(`nvidia-smi says: ${line}`);
    }
  });

  it("are none where MIG is on and nothing is cut: the tool has told all", async () => {
    const { gpus, fault } = await look({ cards: `${a100}, NVIDIA A100, 40960, Enabled\n` });
    expect(gpus).toEqual([]);
    expect(fault?.text).toContain("it has no slices");
  });

  it("are not waited for longer than a bounded time, and not known then, whatever was said before", async () => {
    for (const said of ["", `${a40}, NVIDIA A40, 46068, [N/A]`]) {
      await writeFile(tool, `#!/bin/sh\nprintf '%s\\n' '${said}'\nexec sleep 600\n`);
      await chmod(tool, 0o755);
      const { gpus, fault } = await findGpus([tool], 500);
      expect(gpus).toBeUndefined();
      expect(fault?.text).toContain("nvidia-smi says: it did not answer within");
    }
  });
});

describe("labels of GPUs", () => {
  it("are valid, whatever a model is called, and speak of the model that most are of", () => {
    const gpu = (uuid: string, model: string, gib: number) => ({
      uuid,
      model,
      memoryBytes: gib * 1024 ** 3,
    });
    expect(gpuLabels([])).toEqual({ "asci.gpu": "false" });
    expect(
      gpuLabels([
        gpu("a", "T4", 15.5),
        gpu("b", "NVIDIA A100 80GB (PCIe)", 80),
        gpu("c", "NVIDIA A100 80GB (PCIe)", 80),
      ]),
    ).toEqual({
      "asci.gpu": "true",
      "asci.gpu.model": "NVIDIA-A100-80GB-PCIe",
      "asci.gpu.count": "3",
      "asci.gpu.memory": "80",
    });
    const equals = [gpu("a", "T4", 16), gpu("b", "A40", 48)];
    for (const it of [equals, equals.toReversed()])
      expect(gpuLabels(it)["asci.gpu.model"]).toBe("A40");
  });
});
