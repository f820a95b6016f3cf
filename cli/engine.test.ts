import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EngineError, ensureEngine, stopEngine } from "./engine.ts";

let stateDir: string;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "engine-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(stateDir, { recursive: true });
});

describe("stopEngine", () => {
  it("has nothing to stop where ASCI started no engine", async () => {
    expect(await stopEngine(stateDir)).toBe(false);
  });

  it("leaves a process alone that has the recorded number but is no engine, and forgets it", async () => {
    const child = spawn("sleep", ["600"]);
    const exited = once(child, "exit");
    const pid = child.pid ?? 0;
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    const record = join(stateDir, "engine.json");
    await writeFile(record, JSON.stringify({ pid, startTicks, systemd: false }));

    expect(await stopEngine(stateDir)).toBe(false);
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
    await expect(readFile(record)).rejects.toMatchObject({ code: "ENOENT" });
    child.kill();
    await exited;
  });

  it("takes a damaged record for none", async () => {
    await writeFile(join(stateDir, "engine.json"), "{");
    expect(await stopEngine(stateDir)).toBe(false);
  });
});

describe("ensureEngine", () => {
  it("does not start one elsewhere when DOCKER_HOST does not answer", async () => {
    vi.stubEnv("DOCKER_HOST", `unix://${join(stateDir, "nobody.sock")}`);
    const failure = ensureEngine({ stateDir });
    await expect(failure).rejects.toBeInstanceOf(EngineError);
    await expect(failure).rejects.toMatchObject({
      code: "engine_unreachable",
      message: expect.stringContaining("DOCKER_HOST"),
    });
  });
});
