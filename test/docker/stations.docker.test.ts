import { chmod, chown, lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { insertInstance } from "../../db/instances.ts";
import { until } from "../browser.ts";
import { execIn } from "../containers.ts";
import { createTestNode, type TestNode } from "../node.ts";

let node: TestNode;
let station: { id: string; account: string; uid: number };
let experiment: { id: string; gid: number };

beforeAll(async () => {
  node = await createTestNode(inject("postgresUrl"));
  const { sql } = node.database.owner;
  await sql`insert into beamlines (code, name) values ('IMBL', 'Imaging')`;
  await sql`insert into users (username, display_name, kind, roles)
    values ('station-imbl-1', 'IMBL · Hutch 1', 'station', '{station}')`;
  const [made] = await sql<(typeof station)[]>`
    insert into stations (beamline_id, name, user_id)
    select b.id, 'Hutch 1', u.id from beamlines b, users u where u.kind = 'station'
    returning id, user_id as account, (select uid from users where kind = 'station') as uid`;
  const [running] = await sql<(typeof experiment)[]>`
    insert into experiments (code, beamline_id, starts_at, ends_at)
    select '18342', id, now() - interval '1 hour', now() + interval '1 hour' from beamlines returning id, gid`;
  if (!made || !running) throw new Error("nothing was made");
  [station, experiment] = [made, running];
  await node.startController();
});
afterAll(() => node?.remove());

async function stateOf(id: string) {
  const [row] = await node.database.owner.sql<{ state: string; reason: string | null }[]>`
    select state, coalesce(reason_code || ': ' || reason_text, '') as reason from instances where id = ${id}`;
  return row;
}
async function start(): Promise<{ id: string; containerId: string }> {
  const id = await insertInstance(node.database.as("gateway", { max: 1 }).db, {
    ...node.seeded,
    userId: station.account,
    name: "one",
    experimentId: experiment.id,
    stationId: station.id,
  });
  await until("it runs", async () => {
    const found = await stateOf(id);
    if (found?.state === "failed") throw new Error(`${found.reason}\n${node.lines.join("\n")}`);
    return found?.state === "running";
  });
  const [container] = await node.containers(id);
  return { id, containerId: container?.Id ?? "" };
}
const inside = async (containerId: string, script: string) =>
  (await execIn(containerId, ["sh", "-c", script])).toString().trim();

describe("a station's desktop", () => {
  it("has the data of what runs there, no home that stays, and ends with the experiment", async () => {
    const folder = join(node.storageDir, "data/IMBL/18342");
    await mkdir(folder, { recursive: true });
    await chown(folder, 0, experiment.gid);
    await chmod(folder, 0o2770);
    const one = await start();
    expect(await inside(one.containerId, "ls /data/*; id -un; id -Gn")).toBe(
      "18342\nstation-imbl-1\nstation-imbl-1 exp-18342",
    );
    await inside(one.containerId, "echo result >/data/IMBL/18342/file; echo mine >~/secret");
    expect(await lstat(join(folder, "file"))).toMatchObject({
      uid: station.uid,
      gid: experiment.gid,
    });
    expect(await inside(one.containerId, "cat ~/secret; stat -f -c %T ~")).toBe("mine\ntmpfs");
    expect(await inside(one.containerId, "test -e ~/.bashrc && echo begun")).toBe("begun");
    await expect(lstat(join(node.storageDir, "homes/station-imbl-1"))).rejects.toThrow("ENOENT");

    // Who comes next finds nothing of it.
    const two = await start();
    expect(await inside(two.containerId, "ls ~; cat /data/IMBL/18342/file")).not.toContain(
      "secret",
    );

    await node.database.owner.sql`update experiments set ends_at = now()`;
    for (const { id } of [one, two]) {
      await until("it has ended", async () => (await stateOf(id))?.state === "stopped");
      expect((await stateOf(id))?.reason).toMatch(/^experiment_ended: /);
      expect(await node.containers(id)).toEqual([]);
    }
  });
});
