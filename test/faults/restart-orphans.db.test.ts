import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const id = "00000000-0000-4000-8000-000000000000";

let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "asci-orphan-"));
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** A part as the supervisor starts it, with a database that never answers. */
function start(entry: string): ChildProcess {
  child = spawn(process.execPath, [join(root, entry)], {
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing",
      ASCI_PORT: "0",
      ASCI_SEALING_KEY: Buffer.alloc(32).toString("base64"),
      ASCI_UI_DIR: folder,
      ASCI_NODE_ID: id,
      ASCI_RUN_DIR: folder,
      ASCI_HOMES: `${folder}/{username}`,
      ASCI_CONTROLLER_LISTEN: `unix:${folder}/controller.sock`,
      ASCI_RELAY_LISTEN: `unix:${folder}/relay.sock`,
      ASCI_RELAY_UID: String(process.getuid?.() ?? 0),
      ASCI_RELAY_GID: String(process.getgid?.() ?? 0),
    },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  return child;
}

const parts = ["gateway/node.ts", "controller/main.ts", "controller/relay/main.ts"];

describe.each(parts)("%s", (entry) => {
  it("ends when its supervisor died before it was up", async () => {
    const part = start(entry);
    const exit = once(part, "exit");
    part.stdout?.resume();
    part.disconnect();
    expect(await exit).toEqual([0, null]);
  });
});

describe("a controller that waits for its database", () => {
  it.each([
    ["its supervisor dies", (part: ChildProcess) => part.disconnect()],
    ["it is asked to", (part: ChildProcess) => part.kill("SIGTERM")],
  ])("ends when %s", async (_what, end) => {
    const part = start("controller/main.ts");
    if (part.stdout === null) throw new Error("no output");
    const [first] = (await once(part.stdout, "data")) as [Buffer];
    expect(String(first)).toContain("the database does not answer yet");
    const exit = once(part, "exit");
    end(part);
    expect(await exit).toEqual([0, null]);
    await text(part.stdout);
  });
});
