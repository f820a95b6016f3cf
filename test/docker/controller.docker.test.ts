import { access } from "node:fs/promises";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Controller } from "../../controller/controller.ts";
import { incarnationFolder } from "../../controller/incarnation-files.ts";
import { desktopLimits, readKernelLimits } from "../../controller/limits.ts";
import { execIn } from "../containers.ts";
import { createTestNode, docker, type TestNode } from "../node.ts";
import { until } from "../browser.ts";

let node: TestNode;
let controller: Controller;

beforeAll(async () => {
  node = await createTestNode(inject("postgresUrl"));
  controller = await node.startController();
});
afterAll(() => node?.remove());

const allocations = async (id: string) =>
  (await node.database.owner.db.execute(sql`select 1 from allocations where instance_id = ${id}`))
    .length;

/** As the menu's entry does it: by the session's own bus. */
const logOut = `
  export $(tr "\\0" "\\n" </proc/$(pgrep -o mate-panel)/environ | grep -E "^(DBUS|DISPLAY|XDG|SESSION|ICE)")
  timeout 5 mate-session-save --force-logout`;

async function running(): Promise<{ id: string; containerId: string }> {
  const id = await node.start();
  await node.untilState(id, "running");
  const [container] = await node.containers(id);
  if (!container) throw new Error("it runs without a container");
  return { id, containerId: container.Id };
}

describe("a controller on a real engine", () => {
  it("gives a desktop its environment's cores, but no more than the node has", async () => {
    const { NCPU } = (await docker.info()) as { NCPU: number };
    for (const [limit, cores] of [
      [0.5, 0.5],
      [NCPU + 3, NCPU],
    ] as const) {
      await node.database.owner.db.execute(sql`update environments set cpu_limit = ${limit}`);
      const { id, containerId } = await running();
      const { HostConfig } = await docker.getContainer(containerId).inspect();
      expect(HostConfig.NanoCpus).toBe(cores * 1e9);
      await node.stop(id);
      await node.untilState(id, "stopped");
    }
    await node.database.owner.db.execute(sql`update environments set cpu_limit = null`);
  });

  it("starts, shows each phase, holds the container tightly, and stops without a trace", async () => {
    const { id, containerId } = await running();
    const info = await docker.getContainer(containerId).inspect();
    const [size] = await node.database.owner.sql<{ cpus: number; memory: string }[]>`
      select cpus, memory_bytes as memory from nodes`;
    const limits = desktopLimits(
      { cpus: size?.cpus ?? 0, memoryBytes: Number(size?.memory) },
      await readKernelLimits(),
    );
    expect(info.Name).toBe(`/asci-${id}-1`);
    expect(info.Config.Labels).toMatchObject({
      "asci.installation": node.database.installationId,
      "asci.node": node.database.nodeId,
      "asci.instance": id,
      "asci.incarnation": "1",
      "asci.environment": expect.any(String),
      "asci.owner": node.seeded.username,
    });
    expect(info.HostConfig).toMatchObject({
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Privileged: false,
      Init: true,
      ShmSize: 1024 ** 3,
      Memory: 2 * 1024 ** 3,
      PidsLimit: limits.pids,
      NanoCpus: limits.cpus * 1e9,
      PublishAllPorts: false,
    });
    expect(Object.keys(info.HostConfig.PortBindings ?? {})).toEqual([]);
    const who = await execIn(containerId, [
      "sh",
      "-c",
      "id -un; id -u; grep CapEff /proc/self/status; stat -c %a ~",
    ]);
    expect(who.toString()).toMatch(
      new RegExp(`^${node.seeded.username}\n20\\d{4}\nCapEff:\t0000000000000000\n700\n$`),
    );
    const shown = await until("the panel's time", async () => {
      const it = await node.get(id);
      return it.timeline.every((phase) => phase.at !== null) && it;
    });
    const times = shown.timeline.map((phase) => phase.at);
    expect(times).toEqual([...times].sort());
    expect(await allocations(id)).toBe(1);

    await node.stop(id);
    const ended = await node.untilState(id, "stopped");
    expect(ended.reason).toEqual({ code: "stopped_by_person", text: "stopped by its owner" });
    expect(await node.containers(id)).toEqual([]);
    expect(await allocations(id)).toBe(0);
  });

  it("says that a container was removed by something else, and starts it again", async () => {
    const { id, containerId } = await running();
    await docker.getContainer(containerId).remove({ force: true });
    const failed = await node.untilState(id, "failed");
    // A forced removal kills first: whichever of the two the controller sees is true.
    expect(["container_vanished", "container_exited"]).toContain(failed.reason?.code);
    expect(await allocations(id)).toBe(0);
    await node.restart(id);
    await node.untilState(id, "running");
    expect((await node.containers(id)).map((it) => it.Names)).toEqual([[`/asci-${id}-2`]]);
    await node.stop(id);
    await node.untilState(id, "stopped");
  });

  it("tells a log-out from a crash", async () => {
    const [left, killed] = await Promise.all([running(), running()]);
    await docker.getContainer(killed.containerId).kill({ signal: "SIGKILL" });
    // Nobody logs out before the desktop's icons are there; the session manager would ask back then.
    await until("the desktop is complete", async () => {
      const search = ["xdotool", "search", "--onlyvisible", "--class", "caja"];
      return (await execIn(left.containerId, search, ["DISPLAY=:1"])).length > 0;
    });
    await until("the session manager takes the log-out", async () => {
      await execIn(left.containerId, ["sh", "-c", logOut]).catch(() => undefined);
      return (await node.get(left.id)).state !== "running";
    });
    const failed = await node.untilState(killed.id, "failed");
    expect(failed.reason).toEqual({
      code: "container_exited",
      text: "it was ended by signal 9 from outside",
    });
    const stopped = await node.untilState(left.id, "stopped");
    expect(stopped.reason?.code).toBe("logged_out");
    expect(await node.containers(left.id)).toEqual([]);
  });

  it("restarts into a new incarnation and leaves nothing of the old one", async () => {
    const { id, containerId } = await running();
    await node.restart(id);
    await until("another container", async () => {
      const [now] = await node.containers(id);
      return now && now.Id !== containerId && now.State === "running";
    });
    await node.untilState(id, "running");
    expect(await node.containers(id)).toHaveLength(1);
    await node.stop(id);
    await node.untilState(id, "stopped");
  });

  it("fails at once where the image does not exist, with the reason", async () => {
    const [version] = await node.database.owner.db.execute<{ id: string }>(sql`
      insert into versions (environment_id, tag, image, digest)
      values (${node.seeded.environmentId}, 'gone', 'asci/none', ${`sha256:${"0".repeat(64)}`})
      returning id`);
    const id = await node.start({ versionId: version?.id ?? "" });
    const failed = await node.untilState(id, "failed");
    expect(failed.reason?.code).toBe("image_missing");
    expect(await allocations(id)).toBe(0);
    expect(await node.containers(id)).toEqual([]);
    await expect(access(incarnationFolder(node.runDir, id, 1))).rejects.toMatchObject({
      code: "ENOENT",
    });
    // It can be started again, and fails again while the image is missing.
    await node.restart(id);
    await until("the second failure", async () => {
      const { state, reason } = await node.get(id);
      const tried = await node.database.owner.sql`
        select from instance_history where instance_id = ${id} and to_state = 'failed'`;
      return state === "failed" && reason?.code === "image_missing" && tried.length === 2;
    });
  });

  it("adopts after a restart what is wanted, removes what is not, and leaves strangers alone", async () => {
    const [kept, stopped] = await Promise.all([running(), running()]);
    const { Image: image } = await docker.getContainer(kept.containerId).inspect();
    await controller.stop();
    const labels = {
      "asci.installation": node.database.installationId,
      "asci.node": node.database.nodeId,
      "asci.incarnation": "1",
    };
    const stranger = await docker.createContainer({
      Image: image,
      Entrypoint: ["sleep", "600"],
      Labels: { ...labels, "asci.instance": "00000000-0000-4000-8000-000000000000" },
    });
    await stranger.start();
    await node.stop(stopped.id);
    controller = await node.startController();
    await node.untilState(stopped.id, "stopped");
    expect(await node.containers(stopped.id)).toEqual([]);
    expect((await node.get(kept.id)).state).toBe("running");
    expect((await node.containers(kept.id)).map((it) => it.Id)).toEqual([kept.containerId]);
    await until("the stranger is reported", async () =>
      node.lines.some(
        (it) => it.includes("belongs to no known instance") && it.includes(stranger.id),
      ),
    );
    expect((await stranger.inspect()).State.Running).toBe(true);
    await stranger.remove({ force: true });
    await node.stop(kept.id);
    await node.untilState(kept.id, "stopped");
  });

  it("lets only the newest controller of a node act", async () => {
    node.lines.length = 0;
    const second = await node.startController();
    await until("the first one notices", async () =>
      node.lines.some((it) => it.startsWith("superseded")),
    );
    const { id } = await running();
    await node.stop(id);
    await node.untilState(id, "stopped");
    await second.stop();
  });
});
