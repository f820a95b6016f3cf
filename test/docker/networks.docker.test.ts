/** Networks that stand ready for desktops: who gets one, and what becomes of it. */
import { afterAll, afterEach, beforeAll, expect, inject, it } from "vitest";
import type { Controller } from "../../controller/controller.ts";
import { holderOptions, networkHolderOf } from "../../controller/runtimes/docker-options.ts";
import { until } from "../browser.ts";
import { execIn } from "../containers.ts";
import { createTestNode, docker, type TestNode } from "../node.ts";

let node: TestNode;
let controller: Controller | undefined;

beforeAll(async () => {
  node = await createTestNode(inject("postgresUrl"));
});
afterEach(async () => {
  await controller?.stop();
  controller = undefined;
});
afterAll(() => node?.remove());

const begin = async (networks: string) =>
  (controller = await node.startController({ env: { ASCI_SPARE_NETWORKS: networks } }));
const ids = async () => (await node.networks()).map((it) => it.Id);
/** @returns those in use as well */
async function untilReady(count: number): Promise<string[]> {
  await until(
    `${count} networks`,
    async () => (await node.metric("asci_spare_networks")) === count,
  );
  return ids();
}
async function startDesktop(): Promise<{ id: string; container: string; holder?: string }> {
  const id = await node.start();
  await node.untilState(id, "running");
  const [container] = await node.containers(id);
  const holder = networkHolderOf(container!.HostConfig.NetworkMode);
  return { id, container: container!.Id, ...(holder === undefined ? {} : { holder }) };
}
async function end(id: string): Promise<void> {
  await node.stop(id);
  await node.untilState(id, "stopped");
}
const hostName = async (id: string) => (await execIn(id, ["hostname"])).toString().trim();
const addresses = async (id: string) => (await execIn(id, ["hostname", "-I"])).toString().trim();

it("A desktop has one that stood ready, and takes it along; the next start finds another one", async () => {
  await begin("2");
  const ready = await untilReady(2);
  const desktop = await startDesktop();
  expect(ready).toContain(desktop.holder);
  expect(await hostName(desktop.container)).toBe("desktop");
  const { NetworkSettings } = await docker.getContainer(desktop.holder!).inspect();
  const [network] = Object.values(NetworkSettings.Networks);
  expect(await addresses(desktop.container)).toBe(network?.IPAddress);
  // After its panel was seen.
  expect(await untilReady(2)).toEqual(expect.arrayContaining(ready));
  await end(desktop.id);
  expect(await ids()).not.toContain(desktop.holder);
});

it("What holds one has no right to anything, and no label of a desktop's", async () => {
  await begin("1");
  const [id = ""] = await untilReady(1);
  const { Config, HostConfig, Mounts } = await docker.getContainer(id).inspect();
  expect(Config.User).toBe("65534:65534");
  expect(HostConfig).toMatchObject({ CapDrop: ["ALL"], ReadonlyRootfs: true, Privileged: false });
  expect(HostConfig.SecurityOpt).toContain("no-new-privileges");
  expect(Mounts).toEqual([]);
  expect(Object.keys(Config.Labels).toSorted()).toEqual(["asci.network", "asci.network.node"]);
});

it("None stands ready where the site wants none, and a desktop has its own", async () => {
  await begin("0");
  const desktop = await startDesktop();
  expect(desktop.holder).toBeUndefined();
  expect(await hostName(desktop.container)).toBe("desktop");
  expect(await ids()).toEqual([]);
  await end(desktop.id);
});

it("A controller that ends removes what nobody uses; the next one leaves a desktop its own", async () => {
  await begin("1");
  await untilReady(1);
  const desktop = await startDesktop();
  await untilReady(1);
  await controller?.stop();
  expect(await ids()).toEqual([desktop.holder]);
  await begin("1");
  expect(await untilReady(1)).toContain(desktop.holder);
  expect(await addresses(desktop.container)).not.toBe("");
  await end(desktop.id);
  expect(await ids()).not.toContain(desktop.holder);
});

it("What a killed controller left is cleared away by the next", async () => {
  const { installationId, nodeId } = node.database;
  const own = { installationId, nodeId, network: `asci-${installationId.slice(0, 8)}` };
  const left = async (of: string) => {
    const made = await docker.createContainer({
      ...holderOptions(own),
      Labels: { "asci.network": installationId, "asci.network.node": of },
    });
    await made.start();
    return made.id;
  };
  const [mine, another] = [await left(nodeId), await left("another")];
  await begin("1");
  const ready = await untilReady(1);
  expect(ready).toHaveLength(2);
  expect(ready).toContain(another);
  expect(ready).not.toContain(mine);
  await docker.getContainer(another).remove({ force: true });
});

it("A start whose network ended before it was joined is made anew", async () => {
  await begin("1");
  const [ready = ""] = await untilReady(1);
  await docker.getContainer(ready).remove({ force: true });
  const desktop = await startDesktop();
  expect(desktop.holder).not.toBe(ready);
  expect(await addresses(desktop.container)).not.toBe("");
  await end(desktop.id);
});

it("A desktop that somebody took the network from goes on, and the log says so", async () => {
  await begin("1");
  await untilReady(1);
  const desktop = await startDesktop();
  await docker.getContainer(desktop.holder!).remove({ force: true });
  await controller?.stop();
  await begin("1");
  await until("it is told", () =>
    Promise.resolve(
      node.lines.some((it) => it.includes("lost its network") && it.includes(desktop.id)),
    ),
  );
  expect((await node.get(desktop.id)).state).toBe("running");
  await node.restart(desktop.id);
  await until("it is another container", async () => {
    const [now] = await node.containers(desktop.id);
    return now !== undefined && now.Id !== desktop.container;
  });
  await node.untilState(desktop.id, "running");
  const [now] = await node.containers(desktop.id);
  expect(await addresses(now!.Id)).not.toBe("");
  await end(desktop.id);
});
