import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { incarnationFolder } from "../../controller/incarnation-files.ts";
import { waitForBanner } from "../../controller/ready.ts";
import { getNode } from "../../db/admin-nodes.ts";
import { until } from "../browser.ts";
import { createTestNode, docker as host, type TestNode } from "../node.ts";
import { createOwnEngine, type OwnEngine } from "../own-engine.ts";
import { makeStandIns } from "../stand-in.ts";

let engine: OwnEngine;
let node: TestNode;

beforeAll(async () => {
  engine = await createOwnEngine();
  await engine.start();
  const { desktop: image } = await makeStandIns(engine, host);
  node = await createTestNode(inject("postgresUrl"), { ...engine, image });
  await node.startController();
});
afterAll(async () => {
  engine?.resume();
  if (engine && !engine.started) await engine.start();
  await node?.remove();
  await engine?.remove();
});

interface Running {
  readonly id: string;
  readonly containerId: string;
}

async function running(): Promise<Running> {
  const id = await node.start();
  await node.untilState(id, "running");
  const [container] = await node.containers(id);
  if (!container) throw new Error("it runs without a container");
  return { id, containerId: container.Id };
}

async function end(...all: readonly { id: string }[]): Promise<void> {
  for (const { id } of all) await node.stop(id);
  for (const { id } of all) await node.untilState(id, "stopped");
}

const answers = ({ id }: Running) =>
  waitForBanner(incarnationFolder(node.runDir, id, 1), AbortSignal.timeout(20_000));

const allocations = async (id: string) =>
  (await node.database.owner.sql`select from allocations where instance_id = ${id}`).length;

/** Every state that it was in. */
async function history(id: string): Promise<unknown[]> {
  const rows = await node.database.owner.sql`
    select to_state from instance_history where instance_id = ${id} order by id`;
  return rows.map((it) => it["to_state"]);
}

const nodeRow = () => getNode(node.database.owner.db, node.database.nodeId);

/** How often the controller has compared everything that runs with everything that should. */
const comparisons = () => node.metric("asci_comparisons_total");

/** Runs an outage, and waits until the controller has looked at everything after it and is done. */
async function survived(outage: () => Promise<void>): Promise<void> {
  const before = await comparisons();
  await outage();
  await until("a comparison", async () => (await comparisons()) > before);
  await until("no work is due", async () => {
    const due = await node.database.owner.db.execute(sql`select from work where wanted > done`);
    return due.length === 0;
  });
  expect((await nodeRow())?.state).toBe("ready");
}

async function expectKept(kept: Running): Promise<void> {
  expect((await node.get(kept.id)).state).toBe("running");
  expect(await node.containers(kept.id)).toEqual([
    expect.objectContaining({
      Id: kept.containerId,
      Names: [`/asci-${kept.id}-1`],
      State: "running",
    }),
  ]);
  expect(await history(kept.id)).toEqual(["queued", "starting", "running"]);
}

/** Stops the engine and starts it so that its containers end with it the next time, or live on. */
async function restartWith(liveRestore: boolean): Promise<void> {
  await survived(async () => {
    await engine.stop();
    await engine.start({ liveRestore });
  });
}

describe("an engine that is restarted", () => {
  it("with live-restore keeps every desktop, which answers all the while", async () => {
    const desktops = [await running(), await running()];
    await survived(async () => {
      await engine.stop();
      for (const it of desktops) await answers(it);
      await engine.start();
    });
    for (const it of desktops) await expectKept(it);
    const another = await running();
    await end(another, ...desktops);
  });

  it("without it ends them, says so, and they can be started again", async () => {
    await restartWith(false);
    const desktops = [await running(), await running()];
    await restartWith(false);
    for (const { id } of desktops) {
      const failed = await node.untilState(id, "failed");
      expect(failed.reason).toEqual({
        code: "engine_restarted",
        text: "it ended while its node's container engine was stopped or restarted",
      });
      expect(await node.containers(id)).toEqual([]);
      expect(await allocations(id)).toBe(0);
    }
    for (const { id } of desktops) await node.restart(id);
    for (const { id } of desktops) {
      await node.untilState(id, "running");
      expect((await node.containers(id)).map((it) => it.Names)).toEqual([[`/asci-${id}-2`]]);
    }
    await end(...desktops);
    await restartWith(true);
  });

  it("after it was killed, without live-restore, is no different", async () => {
    const { id } = await running();
    await survived(async () => {
      await engine.kill();
      await engine.start({ liveRestore: false });
    });
    expect((await node.untilState(id, "failed")).reason?.code).toBe("engine_restarted");
    expect(await node.containers(id)).toEqual([]);
    await restartWith(true);
  });
});

describe("an engine that is killed and stays away", () => {
  it("makes the node not ready; starts and stops wait for it, and go on by themselves", async () => {
    const [kept, leaving] = [await running(), await running()];
    await engine.kill();
    const away = await until("the node is not ready", async () => {
      const row = await nodeRow();
      return row?.state === "not_ready" && row;
    });
    expect(away.reason?.code).toBe("engine_unreachable");
    const waiting = await node.start();
    await node.stop(leaving.id);
    const reasonOf = (id: string, code: string) =>
      until(`${id} waits with ${code}`, async () => {
        const { state, reason } = await node.get(id);
        return reason?.code === code && state;
      });
    expect(await reasonOf(waiting, "no_node_ready")).toBe("queued");
    expect(await reasonOf(leaving.id, "engine_unreachable")).toBe("stopping");
    await answers(kept);
    expect(await history(kept.id)).toEqual(["queued", "starting", "running"]);

    await survived(() => engine.start());
    await node.untilState(waiting, "running");
    expect(await node.containers(waiting)).toHaveLength(1);
    expect((await node.untilState(leaving.id, "stopped")).reason).toEqual({
      code: "stopped_by_person",
      text: "stopped by its owner",
    });
    expect(await node.containers(leaving.id)).toEqual([]);
    await expectKept(kept);
    await end(kept, { id: waiting });
  });

  it("in the middle of a start leaves one desktop to the engine that comes back", async () => {
    await until("the node is ready", async () => (await nodeRow())?.state === "ready");
    // It accepts the call that makes the container, and does not get to it.
    engine.pause();
    const id = await node.start();
    await node.untilState(id, "starting");
    await until("the start is under way", async () => {
      const rows = await node.database.owner.sql`
        select from work where subject_id = ${id} and lease_until is not null`;
      return rows.length === 1;
    });
    await engine.kill();
    await until("it waits for the engine", async () => {
      const { state, reason } = await node.get(id);
      return state === "starting" && reason?.code === "engine_unreachable";
    });
    await survived(() => engine.start());
    const started = await node.untilState(id, "running");
    expect(started.reason).toBeNull();
    expect((await node.containers(id)).map((it) => [it.Names, it.State])).toEqual([
      [[`/asci-${id}-1`], "running"],
    ]);
    await end({ id });
  });
});

describe("an engine that hangs", () => {
  it("makes the node not ready until it answers again; what runs is left alone", async () => {
    const kept = await running();
    engine.pause();
    await until("the node is not ready", async () => (await nodeRow())?.state === "not_ready");
    expect((await nodeRow())?.reason?.code).toBe("engine_unreachable");
    engine.resume();
    await until("the node is ready", async () => (await nodeRow())?.state === "ready");
    await end(await running());
    await expectKept(kept);
    await end(kept);
  });
});
