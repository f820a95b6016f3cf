import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../browser.ts";
import { startTestCluster, type Found, type TestCluster } from "./cluster.ts";

const names = ["node-1", "node-2", "node-3"] as const;
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster({
    nodes: names.map((name) => ({ name, labels: { "asci.zone": `at-${name}` } })),
    lostSeconds: 8,
  });
});
afterAll(() => cluster?.stop());

interface NodeRow {
  readonly name: string;
  readonly state: string;
  readonly reason: { code: string } | null;
  readonly labels: Record<string, string>;
}

async function nodeRows(): Promise<NodeRow[]> {
  const { body } = await cluster.admin.call("GET", "/api/admin/nodes?sort=name");
  return body.items;
}

async function nodeRow(name: string): Promise<NodeRow | undefined> {
  return (await nodeRows()).find((it) => it.name === name);
}

async function letTakeNew(name: string, schedulable: boolean): Promise<void> {
  const path = `/api/admin/nodes/${cluster.nodeId(name)}`;
  const { status } = await cluster.admin.call("PATCH", path, { schedulable });
  expect(status).toBe(200);
}

/** Every container of these instances, on whichever engine. */
async function containersOf(ids: readonly string[]): Promise<Found[]> {
  return (await Promise.all(ids.map((id) => cluster.containers(id)))).flat();
}

/** One container each, of the first incarnation, that runs on that instance's node. */
async function expectOneEach(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { node } = await cluster.get(id);
    expect(await cluster.containers(id)).toEqual([
      expect.objectContaining({ node: node?.name, name: `asci-${id}-1`, state: "running" }),
    ]);
  }
}

async function allocations(ids: readonly string[]): Promise<unknown[]> {
  const { sql } = cluster.database;
  const rows = await sql`
    select n.name from allocations a join nodes n on n.id = a.node_id
    where a.instance_id in ${sql(ids)}`;
  return rows.map((it) => it["name"]);
}

async function history(id: string): Promise<unknown[]> {
  const rows = await cluster.database.sql`
    select to_state from instance_history where instance_id = ${id} order by id`;
  return rows.map((it) => it["to_state"]);
}

async function beginOn(count: number): Promise<{ ids: string[]; nodes: string[] }> {
  const ids = await cluster.begin(count);
  const found = await cluster.untilAll(ids, "running");
  return { ids, nodes: found.map((it) => it.node?.name ?? "none").sort() };
}

async function endAll(ids: readonly string[]): Promise<void> {
  await cluster.end(ids);
  await cluster.untilAll(ids, "stopped");
  expect(await containersOf(ids)).toEqual([]);
  expect(await allocations(ids)).toEqual([]);
}

describe("three nodes", () => {
  it("are ready with labels of their own, and have the image's files in common", async () => {
    const rows = await nodeRows();
    expect(rows.map((it) => [it.name, it.state, it.labels["asci.zone"]])).toEqual(
      names.map((name) => [name, "ready", `at-${name}`]),
    );
    const files = await Promise.all(
      cluster.nodes.map(async ({ engine }) => {
        const layers = join(engine.dataRoot, "overlay2");
        const found = await Promise.all(
          (await readdir(layers)).map((it) =>
            stat(join(layers, it, "diff/usr/bin/perl")).catch(() => undefined),
          ),
        );
        return found.find((it) => it !== undefined)?.ino;
      }),
    );
    expect(files[0]).toBeGreaterThan(0);
    expect(new Set(files).size).toBe(1);
  });

  it("get as many desktops each, every one on the engine of its node alone", async () => {
    const { ids, nodes } = await beginOn(6);
    expect(nodes).toEqual(names.flatMap((name) => [name, name]));
    await expectOneEach(ids);
    await endAll(ids);
  });

  it("take nothing new where they are not to, and keep what they have", async () => {
    const before = await beginOn(3);
    expect(before.nodes).toEqual(names);
    await letTakeNew("node-2", false);
    const during = await beginOn(4);
    expect(during.nodes).toEqual(["node-1", "node-1", "node-3", "node-3"]);
    await expectOneEach(before.ids);
    await letTakeNew("node-2", true);
    const after = await beginOn(1);
    expect(after.nodes).toEqual(["node-2"]);
    await endAll([...before.ids, ...during.ids, ...after.ids]);
  });
});

describe("rules and draining", () => {
  it("lead desktops by labels, and the placement names the rule", async () => {
    const rule = {
      name: "south only",
      then: { require: "asci.zone in (at-node-2)" },
      reason: "try",
    };
    const { body } = await cluster.admin.call("POST", "/api/admin/rules", rule);
    const { ids, nodes } = await beginOn(3);
    expect(nodes).toEqual(["node-2", "node-2", "node-2"]);
    const [first] = await Promise.all(ids.map((id) => cluster.get(id)));
    expect(first?.placement?.rules).toEqual(["south only"]);
    const gone = await cluster.admin.call("DELETE", `/api/admin/rules/${String(body["id"])}`);
    expect(gone.status).toBe(204);
    await endAll(ids);
  });

  it("empty a node only as its people leave it: asked, told why, and started elsewhere", async () => {
    const { ids } = await beginOn(3);
    const there = await Promise.all(ids.map((id) => cluster.get(id)));
    const asked = there.find((it) => it.node?.name === "node-1")?.id ?? "";
    const path = `/api/admin/nodes/${cluster.nodeId("node-1")}`;
    await cluster.admin.call("PATCH", path, { draining: true, reason: "new memory" });
    expect(await nodeRow("node-1")).toMatchObject({
      state: "draining",
      reason: { code: "node_draining" },
    });
    expect(await cluster.get(asked)).toMatchObject({
      state: "running",
      notice: { code: "node_draining", text: expect.stringContaining("new memory") },
    });
    const during = await beginOn(2);
    expect(during.nodes).not.toContain("node-1");
    expect((await cluster.admin.call("POST", `/api/instances/${asked}/restart`)).status).toBe(202);
    const moved = await until("it runs elsewhere", async () => {
      const found = await cluster.get(asked);
      return found.state === "running" && found.node?.name !== "node-1" && found;
    });
    expect(moved.notice).toBeNull();
    expect((await cluster.containers(asked)).map((it) => it.name)).toEqual([`asci-${asked}-2`]);
    await cluster.admin.call("PATCH", path, { draining: false });
    const after = await beginOn(1);
    expect(after.nodes).toEqual(["node-1"]);
    await endAll([...ids, ...during.ids, ...after.ids]);
  });
});

describe("a node that is cut off", () => {
  let ids: string[];
  let kept: string;
  let leaving: string;
  let found: Found[];

  beforeAll(async () => {
    ({ ids } = await beginOn(6));
    const there = await Promise.all(ids.map((id) => cluster.get(id)));
    [kept = "", leaving = ""] = there.flatMap((it) => (it.node?.name === "node-3" ? [it.id] : []));
    found = await containersOf([kept, leaving]);
    expect(found.map((it) => it.node)).toEqual(["node-3", "node-3"]);
    await cluster.nodes[2]?.cut();
  });

  it("loses what runs there after the lost period, and no other node's", async () => {
    const lost = await cluster.untilAll([kept, leaving], "lost");
    expect(lost.map((it) => [it.reason?.code, it.node?.name])).toEqual([
      ["node_lost", "node-3"],
      ["node_lost", "node-3"],
    ]);
    // Nothing new is placed there from then on.
    const silent = await until("it is silent", async () => {
      const row = await nodeRow("node-3");
      return row?.state !== "ready" && row;
    });
    expect(silent).toMatchObject({ state: "not_ready", reason: { code: "node_silent" } });
    const others = ids.filter((id) => id !== kept && id !== leaving);
    expect(others).toHaveLength(4);
    await cluster.untilAll(others, "running");
    for (const id of others) expect(await history(id)).toEqual(["queued", "starting", "running"]);
  });

  it("keeps it: nothing is started a second time elsewhere, and its place stays taken", async () => {
    // What is placed afterwards has gone past them.
    const more = await beginOn(3);
    expect(more.nodes).not.toContain("node-3");
    for (const id of [kept, leaving]) {
      const restart = await cluster.admin.call("POST", `/api/instances/${id}/restart`);
      expect(restart.status).toBe(409);
    }
    expect(await containersOf([kept, leaving])).toEqual(found);
    expect(await allocations([kept, leaving])).toEqual(["node-3", "node-3"]);
    for (const id of [kept, leaving]) {
      expect(await history(id)).toEqual(["queued", "starting", "running", "lost"]);
      expect((await cluster.get(id)).state).toBe("lost");
    }
    await endAll(more.ids);
  });

  it("stops nothing while it is away: a stop waits for it", async () => {
    await cluster.end([leaving]);
    // The other nodes end theirs meanwhile.
    await endAll((await beginOn(2)).ids);
    expect((await cluster.get(leaving)).state).toBe("stopping");
    expect(await containersOf([kept, leaving])).toEqual(found);
    expect(await allocations([leaving])).toEqual(["node-3"]);
  });

  it("comes back with what ran there, in the same containers, and removes what was stopped", async () => {
    await cluster.nodes[2]?.mend();
    await cluster.untilAll([kept], "running");
    await cluster.untilAll([leaving], "stopped");
    expect(await containersOf([kept, leaving])).toEqual(
      found.filter((it) => it.name.includes(kept)),
    );
    expect(await allocations([kept, leaving])).toEqual(["node-3"]);
    expect(await history(kept)).toEqual(["queued", "starting", "running", "lost", "running"]);
    const past = ["queued", "starting", "running", "lost", "stopping", "stopped"];
    expect(await history(leaving)).toEqual(past);
    // What it sent while it was cut off may still hold up a beat of its, and then it gets nothing for a moment.
    await until("it gets desktops again", async () => {
      const { nodes, ids } = await beginOn(6);
      await endAll(ids);
      return nodes.includes("node-3");
    });
  });
});
