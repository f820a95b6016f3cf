import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listNetworks } from "../../cli/cluster/network.ts";
import { freePort } from "../../cli/ports.ts";
import { identify, waitForEnd } from "../../cli/process-identity.ts";
import { readState } from "../../cli/state-file.ts";
import { until } from "../browser.ts";
import { system } from "../outside.ts";
import { askUpgrade } from "../upgrade.ts";
import { signedIn } from "./cluster.ts";

const main = join(import.meta.dirname, "../../cli/main.ts");
let dataDir: string;
let env: NodeJS.ProcessEnv;
const children: ChildProcess[] = [];

interface Command {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<number | null>;
}

function run(...args: string[]): Command {
  const child = spawn(process.execPath, [main, "cluster", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr])
    createInterface({ input }).on("line", (line) => lines.push(line));
  return { child, lines, ended: once(child, "close").then(([code]) => code as number | null) };
}

interface Running extends Command {
  readonly url: string;
  readonly password: string;
  /** The names of its networks. */
  readonly networks: readonly string[];
}

async function start(count: number): Promise<Running> {
  const command = run(String(count));
  const ready = until(
    "the last line of the explanation",
    async () => command.lines.some((line) => line.startsWith("Ctrl-C ends")),
    300_000,
  );
  const early = command.ended.then((code) => {
    throw new Error(`it ended with ${code}:\n${command.lines.join("\n")}`);
  });
  await Promise.race([ready, early]);
  early.catch(() => undefined);
  const said = (pattern: RegExp) =>
    command.lines.map((line) => pattern.exec(line)?.[1]).find((it) => it !== undefined) ?? "";
  return {
    ...command,
    url: said(/^ASCI is ready at (\S+)$/),
    password: said(/^Sign in as admin with password (\S+)$/),
    networks: await ownNetworks(),
  };
}

async function finished(...args: string[]): Promise<{ code: number | null; lines: string[] }> {
  const command = run(...args);
  return { code: await command.ended, lines: command.lines };
}

/** Of the cluster in our folder: others may run beside it. */
async function ownNetworks(): Promise<string[]> {
  const records = "/run/asci/clusters";
  const folders = await Promise.all(
    (await readdir(records)).map(async (id) => ({
      id,
      folder: await readFile(join(records, id), "utf8").catch(() => ""),
    })),
  );
  const own = folders.find((it) => it.folder === join(dataDir, "cluster/run"));
  return (await listNetworks()).flatMap((it) => (it.clusterId === own?.id ? [it.name] : []));
}

/** Nothing that bears a name of its networks: neither process, mount, interface nor folder. */
async function expectNothingOf(names: readonly string[]): Promise<void> {
  const pattern = names.map((name) => `${name}|${name.replace("asci-", "c-")}`).join("|");
  const mentions = (text: string) =>
    text.split("\n").filter((it) => new RegExp(`\\b(${pattern})\\b`).test(it));
  expect(mentions(await system("ps", "-eww", "-o", "args"))).toEqual([]);
  expect(mentions(await system("cat", "/proc/self/mountinfo"))).toEqual([]);
  expect(mentions(await system("ip", "-o", "link"))).toEqual([]);
  expect(mentions((await readdir("/run/asci")).join("\n"))).toEqual([]);
  expect(mentions(await system("find", "/sys/fs/cgroup", "-maxdepth", "2", "-type", "d"))).toEqual(
    [],
  );
  const ids = await readdir("/run/asci/clusters");
  expect(ids.filter((id) => names.some((name) => name.startsWith(`asci-${id}-`)))).toEqual([]);
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "asci-play-"));
  env = {
    PATH: process.env["PATH"],
    ASCI_DATA: dataDir,
    ASCI_PORT: String(await freePort()),
  };
});
afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "close");
    child.kill("SIGTERM");
    await ended;
  }
  await rm(dataDir, { recursive: true, force: true });
});

describe("npm run cluster", () => {
  it("starts nodes with real desktops, which can be cut off and come back, and ends with all of it", async () => {
    const playing = await start(2);
    const admin = await signedIn(playing.url, playing.password);
    const nodes = async () =>
      (await admin.call("GET", "/api/admin/nodes?sort=name")).body.items as {
        id: string;
        name: string;
        state: string;
        labels: Record<string, string>;
      }[];
    expect((await nodes()).map((it) => [it.name, it.state, it.labels["asci.zone"]])).toEqual([
      ["node-1", "ready", "north"],
      ["node-2", "ready", "south"],
    ]);

    // Placement prefers nodes that have an image; each tells of it as soon as it has seen its engine.
    const tells = async ({ id }: { id: string }) => {
      const { body } = await admin.call("GET", `/api/admin/nodes/${id}`);
      return (body["imageList"] as { state: string }[]).some((it) => it.state === "present");
    };
    const told = async () => (await Promise.all((await nodes()).map(tells))).every(Boolean);
    await until("both nodes tell that they have the image", told);
    const started = await Promise.all(
      [1, 2].map(() => admin.call("POST", "/api/instances", { environment: "mate" })),
    );
    const ids = started.map((it) => String(it.body["id"]));
    const running = await until("both desktops run", async () => {
      const all = await Promise.all(ids.map((id) => admin.call("GET", `/api/instances/${id}`)));
      return all.every((it) => it.body["state"] === "running") && all.map((it) => it.body);
    });
    const where = running.map((it) => (it["node"] as { name: string }).name);
    expect(where.sort()).toEqual(["node-1", "node-2"]);
    for (const id of ids) {
      const { body } = await admin.call("POST", `/api/instances/${id}/tickets`, {
        permission: "control",
      });
      const { status, socket } = await askUpgrade(
        `${playing.url}/vnc/${id}`,
        `binary, ticket.${String(body["ticket"])}`,
        { origin: playing.url, cookie: admin.cookie ?? "" },
      );
      expect(status).toBe(101);
      const [frame] = (await once(socket!, "data")) as [Buffer];
      expect(frame.toString("latin1")).toContain("RFB 003.008\n");
      socket?.destroy();
    }

    const stateOf = (name: string, state: string) =>
      until(`${name} is ${state}`, async () =>
        (await nodes()).some((it) => it.name === name && it.state === state),
      );
    expect((await finished("cut", "node-2")).code).toBe(0);
    await stateOf("node-2", "not_ready");
    await stateOf("node-1", "ready");
    expect((await finished("mend", "node-2")).code).toBe(0);
    await stateOf("node-2", "ready");

    expect(await finished("cut", "node-9")).toEqual({
      code: 1,
      lines: ["There is no node node-9: the cluster has node-1, node-2."],
    });
    const second = await finished("1");
    expect(second.code).toBe(1);
    expect(second.lines.at(-1)).toBe(
      `ASCI is already running (pid ${playing.child.pid}) at ${playing.url}`,
    );

    playing.child.kill("SIGINT");
    expect(await playing.ended).toBe(0);
    expect(playing.lines.at(-1)).toBe("The cluster is gone");
    expect(playing.networks).toHaveLength(3);
    await expectNothingOf(playing.networks);
    expect(await readdir(join(dataDir, "cluster"))).not.toContain("run");
    expect(await finished("cut", "node-1")).toEqual({
      code: 1,
      lines: ["No cluster runs here: npm run cluster starts one."],
    });
  });

  it("clears away what a killed one left, at the next start", async () => {
    const killed = await start(1);
    const admin = await signedIn(killed.url, killed.password);
    await admin.call("POST", "/api/instances", { environment: "mate" });
    await until("the desktop runs", async () => {
      const { body } = await admin.call("GET", "/api/instances");
      return (body.items as { state: string }[]).some((it) => it.state === "running");
    });
    const { parts = {} } = (await readState(join(dataDir, "cluster/run"))) ?? {};
    const children = [...Object.values(parts), (await identify(killed.child.pid ?? 0))!];
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(await waitForEnd(children, 60_000)).toBe(true);
    expect(killed.networks).toHaveLength(2);
    expect(await ownNetworks()).toEqual(killed.networks);

    const next = await start(1);
    await expectNothingOf(killed.networks);
    next.child.kill("SIGTERM");
    expect(await next.ended).toBe(0);
    await expectNothingOf(next.networks);
  });

  it("says what can be asked of it", async () => {
    const wrong = [["0"], ["many"], ["10"], ["cut"], ["3", "4"], ["mend", "a", "b"]];
    for (const { code, lines } of await Promise.all(wrong.map((args) => finished(...args)))) {
      expect(code).toBe(1);
      expect(lines).toEqual([expect.stringMatching(/^Say "npm run cluster", with a number/)]);
    }
  });
});
