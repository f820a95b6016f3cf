import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { networkHolderOf } from "../../controller/runtimes/docker-options.ts";
import { until } from "../browser.ts";
import { startEngineProxy } from "../engine-proxy.ts";
import { createTestNode, docker, type TestNode } from "../node.ts";

let node: TestNode;

beforeAll(async () => {
  node = await createTestNode(inject("postgresUrl"));
});
afterAll(() => node?.remove());

const spares = { ASCI_SPARE_NETWORKS: "2" };

/** The controller as a process of its own, which can be killed. */
function spawnController(more: Record<string, string> = {}): ChildProcess {
  const entry = join(import.meta.dirname, "../../controller/main.ts");
  const child = spawn(process.execPath, [entry], {
    env: {
      PATH: process.env["PATH"],
      ...node.controllerEnv,
      ...more,
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  return child;
}

/**
 * A controller that is killed as soon as the engine has answered a call of that kind.
 * @returns what waits for that
 */
async function spawnDoomed(
  call: RegExp,
  more: Record<string, string> = {},
): Promise<() => Promise<void>> {
  const killed = Promise.withResolvers<void>();
  let child: ChildProcess | undefined;
  const proxy = await startEngineProxy(join(node.runDir, "engine.sock"), call, () => {
    child?.kill("SIGKILL");
    killed.resolve();
  });
  child = spawnController({ ...more, DOCKER_HOST: proxy.url });
  return async () => {
    await killed.promise;
    await proxy.close();
  };
}

/** What a killed one left of a start. */
const leftOf = (id: string) =>
  until("its container is there", async () => {
    const [found] = await node.containers(id);
    return found;
  });

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

describe("a controller killed by SIGKILL", () => {
  it.each([
    ["between create and start", /^POST (\/v[\d.]+)?\/containers\/create/],
    ["between start and finish", /^POST (\/v[\d.]+)?\/containers\/[0-9a-f]+\/start/],
  ])("%s leaves exactly one container to the next one", async (_when, call) => {
    const killed = await spawnDoomed(call);
    const id = await node.start();
    await killed();
    const left = await leftOf(id);
    expect((await node.get(id)).state).toBe("starting");

    const next = spawnController();
    await node.untilState(id, "running");
    const containers = await node.containers(id);
    expect(containers.map((it) => it.Id)).toEqual([left.Id]);
    expect(containers[0]?.State).toBe("running");
    await node.stop(id);
    await node.untilState(id, "stopped");
    expect(await node.containers(id)).toEqual([]);
    await end(next);
  });

  it("leaves a container that was to join a network, and that network, to the next one", async () => {
    const call = /^POST (\/v[\d.]+)?\/containers\/create\?name=asci-/;
    const killed = await spawnDoomed(call, spares);
    const ready = () => node.metric("asci_spare_networks").catch(() => undefined);
    await until("networks stand ready", async () => (await ready()) === 2);
    const id = await node.start();
    await killed();
    const left = await leftOf(id);
    const holder = networkHolderOf(left.HostConfig.NetworkMode);
    const networks = async () => (await node.networks()).map((it) => it.Id);
    expect(await networks()).toContain(holder);

    const next = spawnController(spares);
    await node.untilState(id, "running");
    expect((await node.containers(id)).map((it) => it.Id)).toEqual([left.Id]);
    // The other one that was left is nobody's.
    await until("others stand ready", async () => (await ready()) === 2);
    expect(await networks()).toHaveLength(3);
    expect(await networks()).toContain(holder);
    await node.stop(id);
    await node.untilState(id, "stopped");
    expect(await networks()).not.toContain(holder);
    await end(next);
    expect(await networks()).toEqual([]);
  });

  it("while it stops one leaves nothing of it", async () => {
    const killed = await spawnDoomed(/^DELETE (\/v[\d.]+)?\/containers\/[0-9a-f]+/);
    const id = await node.start();
    await node.untilState(id, "running");
    await node.stop(id);
    await killed();
    expect((await node.get(id)).state).toBe("stopping");
    const next = spawnController();
    await node.untilState(id, "stopped");
    expect(await node.containers(id)).toEqual([]);
    await end(next);
  });

  it("while many start leaves one container each", async () => {
    const first = spawnController(spares);
    const ids = await Promise.all(Array.from({ length: 6 }, () => node.start()));
    await until("some have begun", async () => {
      const states = await Promise.all(ids.map((id) => node.get(id)));
      return states.some((it) => it.state === "running");
    });
    first.kill("SIGKILL");
    const next = spawnController(spares);
    for (const id of ids) await node.untilState(id, "running");
    for (const id of ids) expect(await node.containers(id)).toHaveLength(1);
    await Promise.all(ids.map((id) => node.stop(id)));
    for (const id of ids) await node.untilState(id, "stopped");
    await end(next);
    const left = await docker.listContainers({
      all: true,
      filters: { label: [`asci.installation=${node.database.installationId}`] },
    });
    expect(left).toEqual([]);
    expect(await node.networks()).toEqual([]);
  });
});
