import Docker from "dockerode";
import { afterEach, describe, expect, it } from "vitest";
import {
  startRecordingEngine,
  type RecordingEngine,
  type RecordingOptions,
} from "../../test/recording-engine.ts";
import { renderingEnv } from "../rendering.ts";
import { DockerRuntime } from "./docker.ts";
import { toRuntimeError } from "./docker-faults.ts";
import type { ContainerWish } from "./runtime.ts";

const one = "GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77";
const two = "GPU-8b9d3a11-0000-4c1d-9e3d-5d5ba0d6d33d";
const slice = "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f";
const own = { installationId: "0123abcd", nodeId: "n", network: "asci-0123abcd" };

const plain = { ID: "e", Runtimes: { runc: { path: "runc" } } };
const nvidia = {
  ...plain,
  Runtimes: { ...plain.Runtimes, nvidia: { path: "nvidia-container-runtime" } },
};
const cdi = (...names: string[]) => ({
  ...plain,
  CDISpecDirs: ["/etc/cdi", "/var/run/cdi"],
  DiscoveredDevices: names.map((it) => ({ Source: "cdi", ID: `nvidia.com/gpu=${it}` })),
});

let engine: RecordingEngine;
afterEach(() => engine.close());

function wishFor(gpus: readonly string[]): ContainerWish {
  return {
    instanceId: "8c1f7f7e-7f0e-4a53-a1f3-2f4a3f1b9d11",
    incarnation: 1,
    environment: "mate",
    image: "sha256:1",
    gpus,
    person: { username: "ada", uid: 20_001, gid: 20_001, groups: [] },
    env: { HOME: "/home/ada", ...renderingEnv(gpus) },
    mounts: [],
    passingHome: false,
    cpuLimit: 1,
    pidsLimit: 1024,
    memoryLimitBytes: 1024 ** 3,
  };
}

async function runtimeOn(options: RecordingOptions): Promise<DockerRuntime> {
  engine = await startRecordingEngine(options);
  return new DockerRuntime(new Docker({ socketPath: engine.socketPath }), own);
}

/** What the engine was asked for: the request for devices, and the variables that speak of GPUs. */
async function asked(info: RecordingOptions["info"], gpus: readonly string[]) {
  await (await runtimeOn({ info })).create(wishFor(gpus));
  const body = engine.created() as { Env: string[]; HostConfig: Record<string, unknown> };
  return {
    devices: body.HostConfig["DeviceRequests"],
    env: body.Env.filter((it) => /^(NVIDIA|VGL|ASCI_RENDERING)/.test(it)).sort(),
  };
}
const drawing = [
  "ASCI_RENDERING=gpu",
  "NVIDIA_DRIVER_CAPABILITIES=compute,graphics,display,utility,video",
];

describe("the engine's request for a container", () => {
  it("asks the NVIDIA runtime for a GPU by its UUID", async () => {
    expect(await asked(nvidia, [one])).toEqual({
      devices: [{ Driver: "nvidia", DeviceIDs: [one], Capabilities: [["gpu"]] }],
      env: [...drawing, "VGL_DISPLAY=egl"],
    });
  });

  it("asks for two of them in one request", async () => {
    expect((await asked(nvidia, [one, two])).devices).toEqual([
      { Driver: "nvidia", DeviceIDs: [one, two], Capabilities: [["gpu"]] },
    ]);
  });

  it("names CDI devices where the engine knows these, before the NVIDIA runtime", async () => {
    expect(
      await asked({ ...nvidia, ...cdi("0", one, two), Runtimes: nvidia.Runtimes }, [one, two]),
    ).toEqual({
      devices: [{ Driver: "cdi", DeviceIDs: [`nvidia.com/gpu=${one}`, `nvidia.com/gpu=${two}`] }],
      env: [...drawing, "NVIDIA_VISIBLE_DEVICES=void", "VGL_DISPLAY=egl"],
    });
  });

  it("uses the NVIDIA runtime where CDI does not know every one", async () => {
    const both = { ...cdi("0", one), Runtimes: nvidia.Runtimes };
    expect((await asked(both, [one, two])).devices).toMatchObject([{ Driver: "nvidia" }]);
  });

  it("tries CDI where it is all that there is and the engine does not tell what it knows", async () => {
    const { DiscoveredDevices: _, ...silent } = cdi();
    expect((await asked(silent, [one])).devices).toEqual([
      { Driver: "cdi", DeviceIDs: [`nvidia.com/gpu=${one}`] },
    ]);
  });

  it.each([
    ["NVIDIA's runtime", nvidia, { Driver: "nvidia", DeviceIDs: [slice], Capabilities: [["gpu"]] }],
    ["CDI", cdi(slice), { Driver: "cdi", DeviceIDs: [`nvidia.com/gpu=${slice}`] }],
  ])("takes a slice by %s, which computes and does not draw", async (_, info, request) => {
    const { devices, env } = await asked(info, [slice]);
    expect(devices).toEqual([request]);
    expect(env).toContain("ASCI_RENDERING=software");
    expect(env.join()).not.toContain("VGL");
  });

  it("asks for none without a GPU, and keeps an image from taking them all", async () => {
    expect(await asked(nvidia, [])).toEqual({
      devices: undefined,
      env: ["ASCI_RENDERING=software", "NVIDIA_VISIBLE_DEVICES=void"],
    });
    // Nobody is asked what it can do: a start is not to wait for that.
    expect(engine.calls.map((it) => it.path)).not.toContain("/info");
  });

  it.each([
    ["has no way to GPUs", plain, /install the NVIDIA container toolkit/],
    ["has CDI switched on and nothing in it", cdi(), /install the NVIDIA container toolkit/],
    [
      "knows GPUs by number only",
      cdi("0", "1", "all"),
      new RegExp(`knows no device nvidia.com/gpu=${one}`),
    ],
  ])("is not made where the engine %s", async (_, info, words) => {
    const runtime = await runtimeOn({ info });
    await expect(runtime.create(wishFor([one]))).rejects.toMatchObject({
      code: "gpu_unavailable",
      message: expect.stringMatching(words),
    });
    expect(engine.created()).toBeUndefined();
  });
});

describe("an engine's own words", () => {
  it.each([
    'could not select device driver "nvidia" with capabilities: [[gpu]]',
    `CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=${one}`,
    `failed to create shim task: OCI runtime create failed: nvidia-container-cli: device error: ${one}: unknown device: unknown`,
  ])("that it has no such GPU are told as that: %s", async (startFault) => {
    await runtimeOn({ info: nvidia, startFault });
    const docker = new Docker({ socketPath: engine.socketPath });
    const fault: unknown = await docker
      .getContainer("c".repeat(64))
      .start()
      .catch((error: unknown) => error);
    const told = toRuntimeError(fault);
    expect(told.code).toBe("gpu_unavailable");
    expect(told.message).toContain(startFault);
  });
});
