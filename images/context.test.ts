import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packContext } from "./context.ts";

const run = promisify(execFile);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "context-"));
  await mkdir(join(directory, "rootfs/etc"), { recursive: true });
  await writeFile(join(directory, "Dockerfile"), "FROM scratch\n");
  await writeFile(join(directory, "rootfs/etc/start"), "#!/bin/sh\n");
  await writeFile(join(directory, "rootfs/etc/settings"), "a=1\n");
});

afterEach(() => rm(directory, { recursive: true }));

describe("packContext", () => {
  it("makes an archive that tar reads, with modes that follow from the content", async () => {
    const { archive } = await packContext(directory, ["Dockerfile", "rootfs"]);
    const file = join(directory, "context.tar");
    await writeFile(file, archive);
    const { stdout } = await run("tar", ["--numeric-owner", "-tvf", file]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(/\s+/));
    expect(rows.map((row) => [row[0], row[1], row[2], row.at(-1)])).toEqual([
      ["-rw-r--r--", "0/0", "13", "Dockerfile"],
      ["-rw-r--r--", "0/0", "4", "rootfs/etc/settings"],
      ["-rwxr-xr-x", "0/0", "10", "rootfs/etc/start"],
    ]);
  });

  it("has the same hash whatever the checkout's modes are, and another one for other content", async () => {
    const first = await packContext(directory, ["Dockerfile", "rootfs"]);
    await chmod(join(directory, "rootfs/etc/start"), 0o600);
    const second = await packContext(directory, ["Dockerfile", "rootfs"]);
    await writeFile(join(directory, "rootfs/etc/settings"), "a=2\n");
    const third = await packContext(directory, ["Dockerfile", "rootfs"]);
    expect(second.hash).toBe(first.hash);
    expect(third.hash).not.toBe(first.hash);
  });

  it("splits long names as ustar wants it", async () => {
    const folder = `rootfs/${"a".repeat(60)}/${"b".repeat(60)}`;
    await mkdir(join(directory, folder), { recursive: true });
    await writeFile(join(directory, folder, "file"), "x");
    const { archive } = await packContext(directory, ["rootfs"]);
    const file = join(directory, "context.tar");
    await writeFile(file, archive);
    const { stdout } = await run("tar", ["-tf", file]);
    expect(stdout.split("\n")).toContain(`${folder}/file`);
  });
});
