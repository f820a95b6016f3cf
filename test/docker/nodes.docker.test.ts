/** A node whose clock is wrong, that is lost and returns, that has GPUs, or that is not alone under its name. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Controller } from "../../controller/controller.ts";
import { incarnationFolder } from "../../controller/incarnation-files.ts";
import { judgeLost } from "../../db/placement.ts";
import { until } from "../browser.ts";
import { createTestNode, docker as host, type TestNode } from "../node.ts";
import { createOwnEngine, type OwnEngine } from "../own-engine.ts";
import { makeStandIns, type StandIn } from "../stand-in.ts";

const hourMs = 3_600_000;
const card = {
  uuid: "GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77",
  model: "NVIDIA A40",
  memoryGiB: 48,
};

let engine: OwnEngine;
let images: Record<StandIn, string>;
let node: TestNode;
let controller: Controller | undefined;

beforeAll(async () => {
  engine = await createOwnEngine();
  await engine.start();
  images = await makeStandIns(engine, host);
  node = await createTestNode(inject("postgresUrl"), { ...engine, image: images.desktop });
});
afterEach(async () => {
  vi.useRealTimers();
  await controller?.stop();
  controller = undefined;
});
afterAll(async () => {
  if (engine && !engine.started) await engine.start();
  await node?.remove();
  await engine?.remove();
});

async function begin(options: Parameters<TestNode["startController"]>[0] = {}): Promise<void> {
  controller = await node.startController({ answerMs: 60_000, ...options });
}
const row = async () => (await node.database.owner.sql`select * from nodes`)[0];
const held = async (id: string) =>
  (
    await node.database.owner.sql`select uuid, slot from allocation_gpus where instance_id = ${id}`
  ).map((it) => it["uuid"]);
/** As the placer grants it. */
const grant = (id: string) => node.database.owner.sql`
  insert into allocation_gpus (instance_id, node_id, uuid, slot, memory_bytes)
  values (${id}, ${node.database.nodeId}, ${card.uuid}, 0, 1)`;
async function versionOf(image: string): Promise<string> {
  const [made] = await node.database.owner.sql<{ id: string }[]>`
    insert into versions (environment_id, tag, image, digest)
    values (${node.seeded.environmentId}, gen_random_uuid()::text, ${image}, ${image}) returning id`;
  return made?.id ?? "";
}
async function end(id: string): Promise<void> {
  await node.stop(id);
  await node.untilState(id, "stopped");
}

describe("a node's clock", () => {
  it.each([hourMs, -hourMs])("that is %i ms off is noted, and nothing goes by it", async (off) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + off });
    await begin();
    const id = await node.start();
    await node.untilState(id, "running");
    const skew = await until("the clock is noted", async () => {
      const found = (await row())?.["clock_skew_ms"];
      return found !== null && Number(found);
    });
    // The faked clock stands still while the real one goes on.
    expect(skew).toBeLessThanOrEqual(off);
    expect(skew).toBeGreaterThan(off - 120_000);
    const placer = node.database.as("placer").db;
    expect(await judgeLost(placer, 60_000)).toBe(0);
    await end(id);
  });

  it("that is put right by an hour while a desktop starts costs no lease", async () => {
    await begin({ leaseMs: 1500 });
    const id = await node.start({ versionId: await versionOf(images.slow) });
    await until(
      "its container runs",
      async () => (await node.containers(id))[0]?.State === "running",
    );
    const fence = async () =>
      Number(
        (await node.database.owner.sql`select fence from work where subject_id = ${id}`)[0]?.[
          "fence"
        ],
      );
    const before = await fence();
    const renewed = async () =>
      (
        await node.database.owner
          .sql`select lease_until::text as at from work where subject_id = ${id}`
      )[0]?.["at"];
    for (const by of [hourMs, -hourMs]) {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + by });
      // Two renewals: at the next one a clock that jumped would have made itself felt.
      for (const _ of [1, 2]) {
        const last = await renewed();
        await until("the lease is renewed", async () => (await renewed()) !== last);
      }
      vi.useRealTimers();
    }
    expect(await fence()).toBe(before);
    await writeFile(join(incarnationFolder(node.runDir, id, 1), "vnc", "go"), "");
    await node.untilState(id, "running");
    expect(node.lines.filter((it) => it.includes("the lease was lost"))).toEqual([]);
    await end(id);
  });
});

describe("a node with GPUs", () => {
  const env = { ASCI_NODE_GPUS: JSON.stringify([card]), ASCI_GPU_SLOTS: "2" };

  it("that are declared has them, and starts nothing with one where its engine cannot hand them on", async () => {
    await begin({ env });
    const gpus = await node.database.owner.sql`select uuid, model, slots, present from node_gpus`;
    expect(gpus).toEqual([{ uuid: card.uuid, model: card.model, slots: 2, present: true }]);
    expect((await row())?.["reported_labels"]).toMatchObject({
      "asci.gpu": "true",
      "asci.gpu.model": "NVIDIA-A40",
      "asci.os": "linux",
      "asci.runtime": "docker",
    });
    // With the placement, as the placer does it.
    await node.database.owner.sql.unsafe(`
      create function grant_gpu() returns trigger language plpgsql security definer as
        $$ begin insert into allocation_gpus select new.instance_id, new.node_id, '${card.uuid}', 0, 1; return null; end $$;
      create trigger granting after insert on allocations for each row execute function grant_gpu()`);
    const id = await node.start();
    const { reason } = await node.untilState(id, "failed");
    await node.database.owner.sql.unsafe(
      `drop trigger granting on allocations; drop function grant_gpu`,
    );
    expect(reason?.code).toBe("gpu_unavailable");
    expect(reason?.text).toContain("install the NVIDIA container toolkit");
    expect(await node.containers(id)).toEqual([]);
    expect(await held(id)).toEqual([]);
  });

  it("that is lost and returns keeps what runs there with its GPU, which is free when the container is gone", async () => {
    await begin({ env });
    const id = await node.start();
    await node.untilState(id, "running");
    await grant(id);
    const [before] = await node.containers(id);
    await controller?.stop();
    await node.database.owner.sql`update nodes set last_seen_at = now() - interval '2 minutes'`;
    expect(await judgeLost(node.database.as("placer").db, 60_000)).toBe(1);
    expect((await node.get(id)).state).toBe("lost");
    expect(await held(id)).toEqual([card.uuid]);

    // It comes back without the card: the row stays for who holds it.
    await begin({ env: { ASCI_NODE_GPUS: "[]" } });
    await node.untilState(id, "running");
    expect((await node.containers(id)).map((it) => it.Id)).toEqual([before?.Id]);
    expect(await held(id)).toEqual([card.uuid]);
    expect(await node.database.owner.sql`select uuid, present from node_gpus`).toEqual([
      { uuid: card.uuid, present: false },
    ]);

    await engine.kill();
    await node.stop(id);
    await until("it waits for the engine", async () => {
      const { state, reason } = await node.get(id);
      return state === "stopping" && reason?.code === "engine_unreachable";
    });
    expect(await held(id)).toEqual([card.uuid]);
    await engine.start();
    await node.untilState(id, "stopped");
    expect(await node.containers(id)).toEqual([]);
    expect(await held(id)).toEqual([]);
  });
});

describe("a second machine under one name", () => {
  let second: OwnEngine;
  beforeAll(async () => {
    second = await createOwnEngine();
    await second.start();
  });
  afterAll(() => second?.remove());

  it("is refused while the first is heard of, which works on, and takes over when it is silent", async () => {
    await begin();
    const first = await row();
    process.env["DOCKER_HOST"] = second.url;
    const other = node.startController();
    const told = () => node.lines.filter((it) => it.includes("Another machine reports as node"));
    await until("it is refused", async () => told().length > 0);
    process.env["DOCKER_HOST"] = engine.url;
    expect(told()[0]).toMatch(
      /"node-1"; it was last heard of \d+ s ago, at .*Stop the controller there/,
    );

    const id = await node.start();
    await node.untilState(id, "running");
    await end(id);
    expect(await row()).toMatchObject({
      epoch: first?.["epoch"],
      machine_id: first?.["machine_id"],
    });

    await controller?.stop();
    controller = await other;
    const now = await row();
    expect(Number(now?.["epoch"])).toBe(Number(first?.["epoch"]) + 1);
    expect(now?.["machine_id"]).not.toBe(first?.["machine_id"]);
    expect(told()).toHaveLength(1);
  });
});
