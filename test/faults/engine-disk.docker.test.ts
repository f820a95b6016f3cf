import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { incarnationFolder } from "../../controller/incarnation-files.ts";
import { waitForBanner } from "../../controller/ready.ts";
import { until } from "../browser.ts";
import { createTestNode, docker as host, type TestNode } from "../node.ts";
import { createOwnEngine, type OwnEngine } from "../own-engine.ts";
import { fill } from "../small-disk.ts";
import { makeStandIns } from "../stand-in.ts";

let engine: OwnEngine;
let node: TestNode;

beforeAll(async () => {
  // A bare Debian, and some room.
  engine = await createOwnEngine({ diskBytes: 512 * 1024 ** 2 });
  await engine.start();
  const { desktop: image } = await makeStandIns(engine, host);
  node = await createTestNode(inject("postgresUrl"), { ...engine, image });
  // What the engine keeps is counted.
  await node.startController({ env: { ASCI_SPARE_NETWORKS: "0" } });
});
afterAll(async () => {
  await node?.remove();
  await engine?.remove();
});

async function running(): Promise<string> {
  const id = await node.start();
  await node.untilState(id, "running");
  return id;
}

async function end(id: string): Promise<void> {
  await node.stop(id);
  await node.untilState(id, "stopped");
}

const folderOf = (id: string, incarnation = 1) => incarnationFolder(node.runDir, id, incarnation);

/** Containers of the whole engine, and what it keeps of them on its disk. */
async function kept(): Promise<{ containers: string[]; folders: string[]; layers: string[] }> {
  const containers = await engine.docker.listContainers({ all: true });
  return {
    containers: containers.map((it) => it.Id).sort(),
    folders: (await readdir(join(engine.dataRoot, "containers"))).sort(),
    layers: (await readdir(join(engine.dataRoot, "overlay2"))).sort(),
  };
}

describe("an engine whose disk is full", () => {
  it("fails a start with the reason and leaves nothing of it; who runs goes on, and room helps", async () => {
    const [neighbour, leaving] = [await running(), await running()];
    const [container] = await node.containers(neighbour);
    const before = await kept();
    const makeRoom = await fill(engine.dataRoot);

    const id = await node.start();
    const failed = await node.untilState(id, "failed");
    expect(failed.reason).toEqual({ code: "disk_full", text: "The node's disk is full." });
    expect(await kept()).toEqual(before);
    await expect(access(folderOf(id))).rejects.toMatchObject({ code: "ENOENT" });
    const taken = await node.database.owner.sql`
      select from allocations where instance_id = ${id}`;
    expect(taken).toHaveLength(0);

    await waitForBanner(folderOf(neighbour), AbortSignal.timeout(20_000));
    await end(leaving);
    expect(await node.containers(leaving)).toEqual([]);
    expect((await node.get(neighbour)).state).toBe("running");
    expect(await node.containers(neighbour)).toEqual([
      expect.objectContaining({ Id: container?.Id, State: "running" }),
    ]);

    await makeRoom();
    await node.restart(id);
    await node.untilState(id, "running");
    await waitForBanner(folderOf(id, 2), AbortSignal.timeout(20_000));
    await end(id);
    await end(neighbour);
  });

  it("delays a start that finds room while it is still tried", async () => {
    const makeRoom = await fill(engine.dataRoot);
    const id = await node.start();
    await until("it says why it waits", async () => {
      const { state, reason } = await node.get(id);
      return state === "starting" && reason?.code === "disk_full";
    });
    await makeRoom();
    const started = await node.untilState(id, "running");
    expect(started.reason).toBeNull();
    expect(await node.containers(id)).toHaveLength(1);
    await end(id);
  });
});
