/** A node's GPUs while NVIDIA's tool cannot tell them, from the tool itself to the database. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import type { Db } from "../db/client.ts";
import { knownGpus } from "../db/node-gpus.ts";
import { createTestDatabase, type TestDatabase } from "../db/testing.ts";
import { findGpus } from "./gpus.ts";
import type { Log } from "./log.ts";
import { lookAtNode } from "./node-report.ts";
import { describeTask, register, type NodeNotes } from "./registration.ts";

const engine = { engineId: "A", dataRoot: "/", cpus: 8, memoryBytes: 64e9, labels: {} };
const log: Log = { info() {}, warn() {}, error() {} };
const cards = `GPU-1, NVIDIA A40, 46068, [N/A]\\nGPU-2, NVIDIA A40, 46068, [N/A]\\n`;
const answers = `printf '${cards}'`;
const hangs = "exec sleep 600";
const breaks = `echo "Failed to initialize NVML: Driver/library version mismatch" >&2; exit 18`;

let database: TestDatabase;
let node: Db;
let folder: string;
let notes: NodeNotes;

beforeEach(async () => {
  database = await createTestDatabase(inject("postgresUrl"));
  node = database.as("node", { max: 1 }).db;
  folder = await mkdtemp(join(tmpdir(), "asci-kept-"));
  notes = { fault: undefined };
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});

/** A look of a controller at a tool that does as told. One that hangs is not waited for for long. */
async function looks(tool: string) {
  const program = join(folder, "nvidia-smi");
  await writeFile(program, `#!/bin/sh\n${tool}\n`);
  await chmod(program, 0o755);
  const { nodeId } = database;
  const look = () =>
    lookAtNode({ report: async () => engine }, {}, "installation", {
      known: () => knownGpus(node, nodeId),
      find: () => findGpus([program], tool === hangs ? 200 : 60_000),
    });
  return { nodeId, look, notes, log };
}
let start: { nodeId: string; epoch: number };
async function begin(tool: string): Promise<void> {
  const { epoch } = await register(node, await looks(tool));
  start = { nodeId: database.nodeId, epoch };
}
const describeAgain = async (tool: string) =>
  describeTask(node, start, await looks(tool)).run(new AbortController().signal, () => 0);

/** What may be placed on, and what selectors see. */
async function offered() {
  const gpus = await database.owner.sql`select uuid from node_gpus where present order by uuid`;
  const [row] = await database.owner.sql`select labels from nodes`;
  return { gpus: gpus.map((it) => it["uuid"]), label: row?.["labels"]["asci.gpu.count"] ?? "none" };
}
const both = { gpus: ["GPU-1", "GPU-2"], label: "2" };
const none = { gpus: [], label: "none" };
const seen = (ago: string) =>
  database.owner.sql`update node_gpus set seen_at = now() - ${ago}::interval`;

describe("a node's GPUs", () => {
  it.each([
    ["hangs", hangs],
    ["is broken", breaks],
  ])("stay where the tool %s, and the node says so, until it tells again", async (_, tool) => {
    await begin(answers);
    expect(await offered()).toEqual(both);
    expect(notes.fault).toBeUndefined();
    await describeAgain(tool);
    expect(await offered()).toEqual(both);
    expect(notes.fault).toMatchObject({
      code: "gpus_unknown",
      text: expect.stringContaining("the node keeps those that it had, for 10 minutes at most"),
    });
    // A controller that starts meanwhile knows no less.
    await begin(tool);
    expect(await offered()).toEqual(both);
    await describeAgain(answers);
    expect(await offered()).toEqual(both);
    expect(notes.fault).toBeUndefined();
    await describeAgain('echo "No devices were found"; exit 6');
    expect(await offered()).toEqual(none);
  });

  it("are gone where the tool has not told them for ten minutes, whatever was kept meanwhile", async () => {
    await begin(answers);
    await seen("5 minutes");
    await describeAgain(hangs);
    expect(await offered()).toEqual(both);
    await seen("11 minutes");
    await describeAgain(hangs);
    expect(await offered()).toEqual(none);
    expect(notes.fault?.text).not.toContain("keeps");
    await describeAgain(answers);
    expect(await offered()).toEqual(both);
  });

  it("count from the last look that told them", async () => {
    await begin(answers);
    await seen("5 minutes");
    const at = async () =>
      String((await database.owner.sql`select min(seen_at) as at from node_gpus`)[0]?.["at"]);
    const before = await at();
    await describeAgain(hangs);
    expect(await at()).toBe(before);
    await describeAgain(answers);
    expect(await at()).not.toBe(before);
  });

  it("are none on a node that never told any", async () => {
    await begin(hangs);
    expect(await offered()).toEqual(none);
    expect(notes.fault?.code).toBe("gpus_unknown");
  });
});
