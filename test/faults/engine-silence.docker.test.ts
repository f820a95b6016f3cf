import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { incarnationFolder } from "../../controller/incarnation-files.ts";
import { until } from "../browser.ts";
import { startEngineProxy } from "../engine-proxy.ts";
import { createTestNode, docker as host, type TestNode } from "../node.ts";
import { createOwnEngine, type OwnEngine } from "../own-engine.ts";
import { makeStandIns, type StandIn } from "../stand-in.ts";

/** Long enough for a desktop that does come up. */
const answerMs = 4000;
/** What is removed is a desktop then. */
const env = { ASCI_SPARE_NETWORKS: "0" };

let engine: OwnEngine;
let images: Record<StandIn, string>;
let node: TestNode;

beforeAll(async () => {
  engine = await createOwnEngine();
  await engine.start();
  images = await makeStandIns(engine, host);
  node = await createTestNode(inject("postgresUrl"), { ...engine, image: images.desktop });
  await node.startController({ answerMs, env });
});
afterAll(async () => {
  if (engine && !engine.started) await engine.start();
  await node?.remove();
  await engine?.remove();
});

async function versionOf(image: string): Promise<string> {
  const [row] = await node.database.owner.sql<{ id: string }[]>`
    insert into versions (environment_id, tag, image, digest)
    values (${node.seeded.environmentId}, gen_random_uuid()::text, ${image}, ${image})
    returning id`;
  return row?.id ?? "";
}

const folderOf = (id: string) => incarnationFolder(node.runDir, id, 1);

async function expectNothingLeft(id: string): Promise<void> {
  expect(await node.containers(id)).toEqual([]);
  await expect(access(folderOf(id))).rejects.toMatchObject({ code: "ENOENT" });
  const taken = await node.database.owner.sql`select from allocations where instance_id = ${id}`;
  expect(taken).toHaveLength(0);
}

const silent = { code: "desktop_silent", text: "the desktop did not answer within 4 s" };

async function end(id: string): Promise<void> {
  await node.stop(id);
  await node.untilState(id, "stopped");
}

/** A start that waits until it is let go on. */
async function startSlow(): Promise<{ id: string; containerId: string; go(): Promise<void> }> {
  const id = await node.start({ versionId: await versionOf(images.slow) });
  const containerId = await until("its container runs", async () => {
    const [container] = await node.containers(id);
    return container?.State === "running" && container.Id;
  });
  return { id, containerId, go: () => writeFile(join(folderOf(id), "vnc", "go"), "") };
}

async function untilWaits(id: string, code: string): Promise<void> {
  await until(`${id} waits with ${code}`, async () => {
    const { state, reason } = await node.get(id);
    return state === "starting" && reason?.code === code;
  });
}

describe("a container that never answers", () => {
  it.each(["silent", "stuck"] as const)(
    "because it is %s: fails after the limit, leaves nothing, and can be started again",
    async (kind) => {
      const versionId = await versionOf(images[kind]);
      const id = await node.start({ versionId });
      expect((await node.untilState(id, "failed")).reason).toEqual(silent);
      await expectNothingLeft(id);

      await node.database.owner.sql`
        update versions set digest = ${images.desktop} where id = ${versionId}`;
      await node.restart(id);
      await node.untilState(id, "running");
      expect((await node.containers(id)).map((it) => it.Names)).toEqual([[`/asci-${id}-2`]]);
      await end(id);
    },
  );

  it("is stopped at once by its person, not after the limit", async () => {
    const { id } = await startSlow();
    await end(id);
    await expectNothingLeft(id);
    const ends = await node.database.owner.sql`
      select to_state, reason_code from instance_history where instance_id = ${id} order by id`;
    expect(ends.at(-1)).toEqual({ to_state: "stopped", reason_code: "stopped_by_person" });
  });
});

describe("an engine that fails while a desktop comes up", () => {
  it("by being away beyond the limit does not make it silent: it is there when the engine is", async () => {
    const { id, containerId, go } = await startSlow();
    await engine.kill();
    await untilWaits(id, "engine_unreachable");
    await go();
    await engine.start();
    await node.untilState(id, "running");
    expect((await node.containers(id)).map((it) => [it.Id, it.State])).toEqual([
      [containerId, "running"],
    ]);
    await end(id);
  });

  it("by not hearing of a removal is asked again, and only then the start has failed", async () => {
    const refused = Promise.withResolvers<void>();
    const proxy = await startEngineProxy(
      join(node.runDir, "proxy.sock"),
      /^DELETE (\/v[\d.]+)?\/containers\/[0-9a-f]+/,
      refused.resolve,
      { engine: engine.url.slice("unix://".length), refuse: true },
    );
    const direct = process.env["DOCKER_HOST"];
    process.env["DOCKER_HOST"] = proxy.url;
    const controller = await node.startController({ answerMs, env });
    const id = await node.start({ versionId: await versionOf(images.stuck) });
    await refused.promise;
    await untilWaits(id, "engine_unreachable");
    expect((await node.untilState(id, "failed")).reason).toEqual(silent);
    await expectNothingLeft(id);
    await controller.stop();
    await proxy.close();
    process.env["DOCKER_HOST"] = direct;
  });
});
