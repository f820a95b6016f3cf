import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { until } from "../../cli/until.ts";
import { holderBinary } from "./holder-image.ts";

const here = { x64: "x86_64", arm64: "aarch64" }[process.arch as string] ?? "";

it("The program runs on this machine, and sleeps until it is killed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holder-"));
  const path = join(folder, "hold");
  await writeFile(path, holderBinary(here)!, { mode: 0o755 });
  const child = spawn(path);
  try {
    const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
    // proc(5): "S", it waits for something that may never come.
    await until("it sleeps", async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return /^Name:\thold$/m.test(status) && /^State:\tS/m.test(status);
    });
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
  } finally {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  }
});

it.each([
  ["x86_64", 62],
  ["aarch64", 183],
])("An executable for %s says so, begins where its code does, and loops", (name, machine) => {
  const file = holderBinary(name)!;
  expect(file.subarray(0, 4).toString("latin1")).toBe("\u007fELF");
  expect(file.readUInt16LE(18)).toBe(machine);
  const code = Number(file.readBigUInt64LE(24) - file.readBigUInt64LE(64 + 16));
  expect(file.readBigUInt64LE(64 + 32)).toBe(BigInt(file.length));
  // The last instruction jumps to the first: by bytes from its end, or by words from its start.
  const last =
    name === "x86_64"
      ? file.readInt8(file.length - 1) + file.length
      : (((file.readUInt32LE(file.length - 4) << 6) >> 6) * 4 + file.length - 4) | 0;
  expect(last).toBe(code);
});

it("There is none for other machines", () => {
  expect(holderBinary("s390x")).toBeUndefined();
});
