import { lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unmountBelow } from "../cli/run-dir.ts";
import { Rooms } from "./rooms.ts";

let parent: string;
const owner = { uid: 200_123, gid: 200_456 };

beforeEach(async () => {
  parent = join(await mkdtemp(join(tmpdir(), "asci-rooms-")), "d");
});
afterEach(async () => {
  await unmountBelow(parent);
  await rm(join(parent, ".."), { recursive: true });
});

const spares = async () => (await readdir(parent)).filter((it) => it.startsWith(".spare-"));
const mounts = async () =>
  (await readFile("/proc/self/mountinfo", "utf8")).split("\n").filter((it) => it.includes(parent))
    .length;

async function expectRoom(folder: string): Promise<void> {
  const vnc = await lstat(join(folder, "vnc"));
  expect(vnc).toMatchObject(owner);
  expect((vnc.mode & 0o7777).toString(8)).toBe("2770");
  expect(vnc.dev).not.toBe((await stat(folder)).dev);
  expect(await stat(folder)).toMatchObject({ uid: 0, gid: 0 });
  await expect(writeFile(join(folder, "vnc", "much"), Buffer.alloc(512 * 1024))).rejects.toThrow(
    "ENOSPC",
  );
}

describe("rooms", () => {
  it("are made whether one stands ready or not", async () => {
    const rooms = new Rooms(parent, { spares: 1 });
    await rooms.fill();
    expect(await spares()).toHaveLength(1);
    await rooms.make(join(parent, "one"), owner);
    expect(await spares()).toHaveLength(0);
    await rooms.make(join(parent, "two"), owner);
    await expectRoom(join(parent, "one"));
    await expectRoom(join(parent, "two"));
    expect(await mounts()).toBe(2);
  });

  it("are refilled once, however often that is asked for at the same time", async () => {
    const rooms = new Rooms(parent);
    await Promise.all([rooms.fill(), rooms.fill(), rooms.fill()]);
    expect(await spares()).toHaveLength(2);
    await rooms.fill();
    expect(await spares()).toHaveLength(2);
  });

  it("that a killed process left ready are removed, others' are not", async () => {
    const killed = new Rooms(parent, { spares: 2 });
    await killed.fill();
    await killed.make(join(parent, "desktop"), owner);
    await mkdir(join(parent, ".spare-half-made"));
    const rooms = new Rooms(parent, { spares: 1 });
    await rooms.fill();
    expect(await spares()).toHaveLength(1);
    await expectRoom(join(parent, "desktop"));
    // The one that it still believes to have is gone.
    await killed.make(join(parent, "late"), owner);
    await expectRoom(join(parent, "late"));
    await rooms.close();
    expect((await readdir(parent)).toSorted()).toEqual(["desktop", "late"]);
    expect(await mounts()).toBe(2);
  });
});
