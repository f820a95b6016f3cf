import {
  chmod,
  chown,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from "vitest";
import type { Controller } from "../../controller/controller.ts";
import { until } from "../browser.ts";
import { execIn } from "../containers.ts";
import { mountHung } from "../hung-storage.ts";
import { createTestNode, type TestNode } from "../node.ts";
import { mountSmall, unmountSmall } from "../small-disk.ts";

let node: TestNode;
let controller: Controller;
let homes: string;
let data: string;
let home: string;
let uid: number;

const owner = () => node.database.owner.db;

beforeAll(async () => {
  node = await createTestNode(inject("postgresUrl"));
  homes = join(node.storageDir, "homes");
  data = join(node.storageDir, "data");
  home = join(homes, node.seeded.username);
  const [row] = await node.database.owner.sql<{ uid: number }[]>`select uid from users`;
  uid = row?.uid ?? 0;
  controller = await node.startController();
});
afterAll(() => node?.remove());
beforeEach(async () => {
  for (const folder of [homes, data]) await rm(folder, { recursive: true, force: true });
  await mkdir(homes, { mode: 0o711 });
  await owner().execute(
    sql`update instances set experiment_id = null; delete from members; delete from experiments; delete from beamlines`,
  );
});

async function containerOf(id: string): Promise<string> {
  const [container] = await node.containers(id);
  if (!container) throw new Error("it has no container");
  return container.Id;
}
async function running(experimentId: string | null = null) {
  const id = await node.start({ experimentId });
  await node.untilState(id, "running");
  return { id, containerId: await containerOf(id) };
}
const inside = async (containerId: string, script: string) =>
  (await execIn(containerId, ["sh", "-c", script])).toString().trim();
async function end(id: string): Promise<void> {
  await node.stop(id);
  await node.untilState(id, "stopped");
}
async function failure(experimentId: string | null = null) {
  const id = await node.start({ experimentId });
  const { reason } = await node.untilState(id, "failed");
  expect(await node.containers(id)).toEqual([]);
  return reason;
}
const modeOf = async (path: string) => ((await lstat(path)).mode & 0o7777).toString(8);

/** An experiment that the person took part in. */
async function experiment(
  code: string,
  more: { access?: string; path?: string; begins?: string } = {},
) {
  const { access = "write", path = null, begins = "yesterday" } = more;
  const [row] = await node.database.owner.sql<{ id: string; gid: number }[]>`
    with b as (
      insert into beamlines (code, name) values ('IMBL', 'Imaging')
      on conflict (lower(code)) do update set name = excluded.name returning id
    ), x as (
      insert into experiments (code, beamline_id, starts_at, ends_at, data_path, data_access)
      select ${code}, id, ${begins}::timestamptz, now() + interval '9 days', ${path}, ${access} from b
      returning id, gid
    ), m as (insert into members (experiment_id, user_id) select x.id, u.id from x, users u)
    select id, gid from x`;
  if (!row) throw new Error("no experiment was made");
  return row;
}

describe("a home", () => {
  it("is made at the first start, the person's alone, with what a home begins with", async () => {
    const { id, containerId } = await running();
    expect(await lstat(home)).toMatchObject({ uid, gid: uid });
    expect(await modeOf(home)).toBe("700");
    expect(await lstat(join(home, ".bashrc"))).toMatchObject({ uid, gid: uid });
    expect(await inside(containerId, "cd && pwd && id -un && id -gn && id -u && id -g")).toBe(
      [`/home/${node.seeded.username}`, node.seeded.username, node.seeded.username, uid, uid].join(
        "\n",
      ),
    );
    // A group of their own: what they make for a group is the group's.
    expect(await inside(containerId, "tr '\\0' '\\n' </proc/1/environ | grep UMASK")).toBe(
      "ASCI_UMASK=002",
    );
    expect(await inside(containerId, "grep Umask /proc/$(pgrep -o mate-panel)/status")).toBe(
      "Umask:\t0002",
    );
    await rm(join(home, ".bashrc"));
    await end(id);
    const again = await running();
    await expect(lstat(join(home, ".bashrc"))).rejects.toThrow("ENOENT");
    await end(again.id);
  });

  it("that exists keeps its owner and mode, whosever it is", async () => {
    await mkdir(home);
    await chown(home, 12_345, 12_345);
    await chmod(home, 0o751);
    const { id, containerId } = await running();
    expect(await lstat(home)).toMatchObject({ uid: 12_345, gid: 12_345 });
    expect(await modeOf(home)).toBe("751");
    expect(await inside(containerId, "touch ~/mine 2>&1; ls ~")).toMatch(/Permission denied/);
    await end(id);
  });

  it("is shared by several desktops of a person, and so is its browser", async () => {
    const [one, two] = [await running(), await running()];
    await inside(one.containerId, "echo hello >~/from-one");
    expect(await inside(two.containerId, "cat ~/from-one")).toBe("hello");
    const open = (id: string) =>
      inside(
        id,
        `export $(tr "\\0" "\\n" </proc/$(pgrep -o mate-panel)/environ | grep -E "^(DBUS|DISPLAY|XDG)")
         setsid firefox-esr --new-window about:blank >/dev/null 2>&1 & sleep 0`,
      );
    const window = (id: string) =>
      until(
        "Firefox has a window",
        async () =>
          (await inside(id, "DISPLAY=:1 xdotool search --onlyvisible --class firefox")) !== "",
      );
    await open(one.containerId);
    await window(one.containerId);
    await open(two.containerId);
    await window(two.containerId);
    const profiles = (id: string) =>
      inside(id, `tr "\\0" " " </proc/$(pgrep -of ^/usr/lib/firefox-esr)/cmdline`);
    expect(await profiles(one.containerId)).not.toContain("--profile");
    expect(await profiles(two.containerId)).toContain(".config/asci/firefox-2");
    await Promise.all([end(one.id), end(two.id)]);
  });

  it("tells how much room it has, and whether that is the person's alone", async () => {
    await mkdir(home);
    await mountSmall(home, 24 * 1024 ** 2);
    onTestFinished(() => unmountSmall(home));
    await chown(home, uid, uid);
    // What was seen of the home before this disk was there tells nothing of it.
    await owner().execute(sql`delete from homes`);
    const { id } = await running();
    const room = await until("the room is known", async () => {
      const [row] = await node.database.owner.sql<{ total: string; own: boolean }[]>`
        select total_bytes as total, own from homes`;
      return row;
    });
    expect(room.own).toBe(true);
    expect(Number(room.total)).toBeLessThan(25 * 1024 ** 2);
    await end(id);
  });

  it("behind a link that root made is found, and behind anybody else's is not", async () => {
    const elsewhere = join(node.storageDir, "elsewhere");
    await mkdir(elsewhere);
    onTestFinished(() => rm(elsewhere, { recursive: true }));
    await chown(elsewhere, uid, uid);
    await symlink(elsewhere, home);
    const { id, containerId } = await running();
    await inside(containerId, "echo kept >~/file");
    await end(id);
    expect(await readFile(join(elsewhere, "file"), "utf8")).toBe("kept\n");

    await rm(home);
    const victim = join(node.storageDir, "victim");
    await mkdir(victim, { mode: 0o700 });
    onTestFinished(() => rm(victim, { recursive: true }));
    await symlink(victim, home);
    await lchown(home, uid, uid);
    expect(await failure()).toMatchObject({
      code: "home_unusable",
      text: expect.stringContaining(`${home} is a link`),
    });
    expect(await lstat(victim)).toMatchObject({ uid: 0 });
    expect(await modeOf(victim)).toBe("700");
  });

  it("is not made where others have a hand in the way to it", async () => {
    await chmod(homes, 0o777);
    expect(await failure()).toMatchObject({ code: "home_unusable" });
    await chmod(homes, 0o711);
    await chown(homes, 4711, 0);
    expect(await failure()).toMatchObject({
      code: "home_unusable",
      text: expect.stringContaining(`${homes} is a folder in which`),
    });
    expect(await readdir(homes)).toEqual([]);
  });

  it("on a way that the person can change is refused, and so is one that is no folder", async () => {
    await chmod(homes, 0o777);
    await mkdir(home);
    expect(await failure()).toMatchObject({
      code: "home_unusable",
      text: expect.stringContaining(`${homes} is a folder in which`),
    });
    await chmod(homes, 0o711);
    await rm(home, { recursive: true });
    await writeFile(home, "no folder");
    expect(await failure()).toMatchObject({
      code: "home_unusable",
      text: expect.stringContaining("is not a folder"),
    });
  });

  it("is not made where the site makes them, and can be started once it has", async () => {
    await controller.stop();
    controller = await node.startController({ env: { ASCI_HOMES_MAKE: "0" } });
    onTestFinished(async () => {
      await controller.stop();
      controller = await node.startController();
    });
    expect(await failure()).toMatchObject({
      code: "home_missing",
      text: expect.stringContaining(`should be at ${home}`),
    });
    await mkdir(home);
    await chown(home, uid, uid);
    await end((await running()).id);
  });

  it("on a storage that does not answer holds up nobody else, and the start goes on when it does", async () => {
    const [other] = await node.database.owner.sql<{ id: string }[]>`
      insert into users (username, display_name) values ('other', 'Another') returning id`;
    await mkdir(home);
    const release = mountHung(home);
    const id = await node.start();
    await until(
      "the reason is told",
      async () => (await node.get(id)).reason?.code === "home_unreachable",
    );
    expect((await node.get(id)).state).toBe("starting");
    const [theirs] = await node.database.owner.sql<{ id: string }[]>`
      insert into instances (name, environment_id, version_id, owner_id)
      select 'theirs', environment_id, version_id, ${other?.id ?? ""} from instances where id = ${id}
      returning id`;
    await until("another one runs", async () => {
      const [row] = await node.database.owner
        .sql`select state from instances where id = ${theirs?.id ?? ""}`;
      return row?.["state"] === "running";
    });
    await release();
    await chown(home, uid, uid);
    await node.untilState(id, "running");
    await end(id);
    await node.database.owner.sql`
      update instances set desired = 'stopped', state = 'stopping' where id = ${theirs?.id ?? ""}`;
  });
});

describe("the data of an experiment", () => {
  it("is in a desktop for it, with its group, to read or to write as it says", async () => {
    const { id: experimentId, gid } = await experiment("18342");
    const other = await experiment("17999");
    for (const [code, group] of [
      ["18342", gid],
      ["17999", other.gid],
    ] as const) {
      await mkdir(join(data, "IMBL", code), { recursive: true });
      await chown(join(data, "IMBL", code), 0, group);
      await chmod(join(data, "IMBL", code), 0o2770);
    }
    const { id, containerId } = await running(experimentId);
    expect(await inside(containerId, "ls /data/*; id -Gn")).toBe(
      `18342\n${node.seeded.username} exp-18342`,
    );
    await inside(
      containerId,
      "echo result >/data/IMBL/18342/file && mkdir /data/IMBL/18342/folder",
    );
    expect(await lstat(join(data, "IMBL/18342/folder"))).toMatchObject({ uid, gid });
    await end(id);

    await node.database.owner.sql`update experiments set data_access = 'read' where code = '18342'`;
    const reading = await running(experimentId);
    expect(
      await inside(reading.containerId, "cat /data/IMBL/18342/file; touch /data/IMBL/18342/x 2>&1"),
    ).toMatch(/^result\n.*Read-only file system/);
    await end(reading.id);
  });

  it("of all of them is in a desktop for none; after a membership's end it is gone with the next start", async () => {
    await experiment("18342");
    const { gid } = await experiment("elsewhere", { path: join(node.storageDir, "data/by-hand") });
    await experiment("none", { access: "none" });
    await experiment("missing");
    for (const path of ["IMBL/18342", "IMBL/none", "by-hand"])
      await mkdir(join(data, path), { recursive: true });
    const { id, containerId } = await running();
    expect(await inside(containerId, "ls /data/IMBL")).toBe("18342\nelsewhere");
    expect((await inside(containerId, "id -G")).split(" ")).toContain(String(gid));
    await node.database.owner.sql`
      update members set until = now() from experiments x where x.id = experiment_id and x.code = '18342'`;
    await node.restart(id);
    await until("it is another container", async () => {
      const found = await node.get(id);
      return found.state === "running" && (await containerOf(id)) !== containerId;
    });
    expect(await inside(await containerOf(id), "ls /data/IMBL")).toBe("elsewhere");
    await end(id);
  });

  it("that is missing keeps a desktop for it from starting, unless it has not begun", async () => {
    const { id } = await experiment("18342");
    expect(await failure(id)).toMatchObject({
      code: "data_missing",
      text: expect.stringContaining("the data of experiment 18342 should be at"),
    });
    const coming = await experiment("19000", { begins: "tomorrow" });
    const early = await running(coming.id);
    expect(await inside(early.containerId, "ls /data 2>&1")).toMatch(/No such file/);
    await end(early.id);
  });

  it("is not led elsewhere by those who may write it", async () => {
    const { id, gid } = await experiment("18342", { path: join(data, "shared/18342") });
    await mkdir(join(data, "shared"), { recursive: true });
    await chown(join(data, "shared"), 0, gid);
    await chmod(join(data, "shared"), 0o2775);
    await symlink("/etc", join(data, "shared/18342"));
    expect(await failure(id)).toMatchObject({ code: "data_unusable" });
  });

  it("is none of the node's own folders, whoever says so", async () => {
    for (const [code, path] of [
      ["1", "/"],
      ["2", "/run"],
      ["3", "/var/run"],
    ] as const) {
      const { id } = await experiment(code, { path });
      expect(await failure(id)).toMatchObject({
        code: "data_unusable",
        text: expect.stringContaining("a folder of the node's own"),
      });
    }
  });

  it("on a storage that does not answer says so while it waits", async () => {
    const { id: experimentId } = await experiment("18342");
    await mkdir(join(data, "IMBL/18342"), { recursive: true });
    const release = mountHung(join(data, "IMBL/18342"));
    const id = await node.start({ experimentId });
    await until(
      "the reason is told",
      async () => (await node.get(id)).reason?.code === "data_unreachable",
    );
    await release();
    await node.untilState(id, "running");
    await end(id);
  });

  it("has a folder made where ASCI keeps it, for its members alone", async () => {
    await controller.stop();
    controller = await node.startController({ env: { ASCI_EXPERIMENT_DATA_MAKE: "1" } });
    const { id: experimentId, gid } = await experiment("18342");
    const { id } = await running(experimentId);
    expect(await lstat(join(data, "IMBL/18342"))).toMatchObject({ uid: 0, gid });
    expect(await modeOf(join(data, "IMBL/18342"))).toBe("2770");
    await end(id);
  });
});
