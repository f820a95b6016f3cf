import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { nodeSettings } from "./node-settings.ts";

const gib = 1024 ** 3;
const schema = z.object(nodeSettings);

function faultsOf(env: Record<string, string>): string[] {
  const issues = schema.safeParse(env).error?.issues ?? [];
  return issues.map((it) => `${it.path.join(".")}: ${it.message}`);
}
const gpus = (...all: object[]) => ({ ASCI_NODE_GPUS: JSON.stringify(all) });
const labels = (text: string) => faultsOf({ ASCI_NODE_LABELS: text });
const card = { uuid: "GPU-1", model: "NVIDIA A40", memoryGiB: 48 };

describe("a node's settings", () => {
  it("are all optional", () => {
    expect(schema.parse({})).toEqual({});
  });

  it("declare GPUs, labels, what is offered, and limits for images", () => {
    const parsed = schema.parse({
      ...gpus({ ...card, slots: 4 }, { uuid: "MIG-a/1/0", model: "A100", memoryBytes: 5 * gib }),
      ASCI_GPU_SLOTS: "2",
      ASCI_NODE_LABELS: "gpu=a40, facility.example/hall=2,quiet=,asci.zone=hall-2",
      ASCI_NODE_CPUS: "7.5",
      ASCI_NODE_MEMORY: "64GiB",
      ASCI_IMAGES_MAX_BYTES: "200 GiB",
      ASCI_IMAGES_MIN_FREE: "0",
      ASCI_SPARE_NETWORKS: "8",
    });
    expect(parsed).toEqual({
      ASCI_NODE_GPUS: [
        { uuid: "GPU-1", model: "NVIDIA A40", memoryBytes: 48 * gib, slots: 4 },
        { uuid: "MIG-a/1/0", model: "A100", memoryBytes: 5 * gib, slots: undefined },
      ],
      ASCI_GPU_SLOTS: 2,
      ASCI_NODE_LABELS: {
        gpu: "a40",
        "facility.example/hall": "2",
        quiet: "",
        "asci.zone": "hall-2",
      },
      ASCI_NODE_CPUS: 7.5,
      ASCI_NODE_MEMORY: 64 * gib,
      ASCI_IMAGES_MAX_BYTES: 200 * gib,
      ASCI_IMAGES_MIN_FREE: 0,
      ASCI_SPARE_NETWORKS: 8,
    });
    expect(schema.parse({ ASCI_NODE_GPUS: "[]" })).toEqual({ ASCI_NODE_GPUS: [] });
  });

  it.each(["-1", "0", "0.0", "many", "1e3", "99999999"])("refuse %s cores", (text) => {
    expect(faultsOf({ ASCI_NODE_CPUS: text })).toEqual([
      `ASCI_NODE_CPUS: "${text}" is not a number of cores: give how many this node offers, more than 0.`,
    ]);
  });

  it.each(["-1", "1.5", "33", "few"])("refuse %s networks that stand ready", (text) => {
    expect(faultsOf({ ASCI_SPARE_NETWORKS: text })).toEqual([
      `ASCI_SPARE_NETWORKS: "${text}" is not a number of networks: give how many stand ready for starts, 0 to 32.`,
    ]);
  });

  it.each(["-1", "0", "0GiB", "1.5", "4GB", "64 gib", "99999999TiB"])(
    "refuse %s of memory",
    (text) => {
      expect(faultsOf({ ASCI_NODE_MEMORY: text })).toHaveLength(1);
    },
  );

  it.each(["0", "-2", "1.5", "65"])("refuse %s slots", (text) => {
    expect(faultsOf({ ASCI_GPU_SLOTS: text })).toHaveLength(1);
    expect(faultsOf(gpus({ ...card, slots: Number(text) }))).toHaveLength(1);
  });

  it("refuse GPUs that cannot be, and name each fault with the GPU that has it", () => {
    expect(
      faultsOf(
        gpus(
          { ...card, memoryGiB: -1 },
          { ...card, uuid: "0" },
          { uuid: "GPU-2", model: "A40" },
          { ...card, uuid: "GPU-3", memoryBytes: 1 },
          { ...card, uuid: "GPU-4", colour: "green" },
        ),
      ),
    ).toEqual([
      "ASCI_NODE_GPUS: GPU 1, memoryGiB: more than 0.",
      "ASCI_NODE_GPUS: GPU 2, uuid: a GPU's UUID, such as nvidia-smi -L shows it: GPU-… or MIG-….",
      "ASCI_NODE_GPUS: GPU 3, memoryGiB: its memory: give either memoryBytes or memoryGiB.",
      "ASCI_NODE_GPUS: GPU 4, memoryGiB: its memory: give either memoryBytes or memoryGiB.",
      expect.stringMatching(/^ASCI_NODE_GPUS: GPU 5, .*colour/),
    ]);
    expect(faultsOf(gpus(card, { ...card, slots: 2 }))).toEqual([
      "ASCI_NODE_GPUS: GPU-1 is given twice: each GPU once, with slots for several desktops.",
    ]);
    expect(faultsOf({ ASCI_NODE_GPUS: "GPU-1" })).toEqual([
      expect.stringMatching(/^ASCI_NODE_GPUS: is not JSON: give /),
    ]);
    expect(faultsOf({ ASCI_NODE_GPUS: "{}" })).toHaveLength(1);
    expect(
      faultsOf(gpus(...Array.from({ length: 65 }, (_, n) => ({ ...card, uuid: `GPU-${n}` })))),
    ).toEqual(["ASCI_NODE_GPUS: at most 64 GPUs."]);
  });

  it("refuse labels that are none, of whatever size, without repeating all of it", () => {
    expect(labels("gpu")).toEqual(['ASCI_NODE_LABELS: "gpu" is no label: give name=value.']);
    expect(labels("gpu=a100,gpu=a40")).toEqual([
      'ASCI_NODE_LABELS: the label "gpu" is given twice.',
    ]);
    expect(labels("asci.gpu=true")).toEqual([
      expect.stringContaining('"asci.gpu" is one that ASCI reports itself'),
    ]);
    for (const wrong of [
      "=a",
      "-a=b",
      "a_=b",
      "a/b/c=d",
      "A.B/c=d",
      "a..b/c=d",
      "ä=b",
      "a b=c",
      "a=b/c",
      "a=-b",
      "a=b c",
    ])
      expect([wrong, labels(wrong).length]).toEqual([wrong, 1]);
    for (const right of [
      "a=",
      "A_b.C-9=x.Y_z",
      `${"a".repeat(63)}=${"b".repeat(63)}`,
      `${"a.".repeat(126)}a/b=c`,
    ])
      expect([right, labels(right)]).toEqual([right, []]);
    const huge = "x".repeat(64 * 1024);
    for (const one of [`a=${huge}`, `${huge}=a`, `${huge}/a=b`, huge]) {
      const [fault = "", ...more] = labels(one);
      expect(more).toEqual([]);
      expect(fault.length).toBeLessThan(300);
    }
    const many = Array.from({ length: 20_000 }, (_, n) => `a${n}=b`).join(",");
    expect(labels(many)).toEqual([
      "ASCI_NODE_LABELS: 20000 labels are too many: give at most 100.",
    ]);
  });
});

describe("a controller with wrong settings", () => {
  it("names every fault at once, and ends with code 78", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "main.ts")], {
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"],
        ...gpus({ ...card, memoryGiB: 0 }, { ...card, uuid: "GPU-1" }),
        ASCI_NODE_LABELS: "a=b c,asci.os=mine",
        ASCI_NODE_CPUS: "-4",
        ASCI_NODE_MEMORY: "0",
        ASCI_GPU_SLOTS: "0",
      },
    });
    expect(status).toBe(78);
    const named = stderr.split("\n").map((it) => it.split(":")[0]);
    for (const [name, times] of Object.entries({
      DATABASE_URL: 1,
      ASCI_NODE_GPUS: 1,
      ASCI_NODE_LABELS: 2,
      ASCI_NODE_CPUS: 1,
      ASCI_NODE_MEMORY: 1,
      ASCI_GPU_SLOTS: 1,
    }))
      expect([name, named.filter((it) => it === name).length]).toEqual([name, times]);
  });
});
