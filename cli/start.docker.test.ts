import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Docker from "dockerode";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { takeLock } from "./lock.ts";
import { freePort } from "./ports.ts";
import { processesIn, waitForEnd } from "./process-identity.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { runDirOf } from "./run-dir.ts";
import { readState } from "./state-file.ts";
import type { State } from "./state-file.ts";

const docker = new Docker();
const patience = { timeout: 60_000, interval: 20 };
let dataDir: string;
let port: number;
const children: ChildProcess[] = [];

interface Command {
  child: ChildProcess;
  lines: string[];
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
}

function run(command: string, environment: Record<string, string> = {}): Command {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), command], {
    env: { PATH: process.env["PATH"], ASCI_DATA: dataDir, ASCI_PORT: String(port), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on("line", (line) => lines.push(line));
  }
  return { child, lines, ended: once(child, "close").then(([code]) => code as number | null) };
}

/** Starts it and waits for the ready line. */
async function start(): Promise<Command> {
  const command = run("start");
  const ready = vi.waitUntil(() => command.lines.includes(`ASCI is ready at ${url()}`), {
    ...patience,
    timeout: 300_000,
  });
  const early = command.ended.then((code) => {
    throw new Error(`start ended with ${code}:\n${command.lines.join("\n")}`);
  });
  await Promise.race([ready, early]);
  early.catch(() => undefined);
  return command;
}

const url = (): string => `http://127.0.0.1:${port}`;
const isUp = (): Promise<boolean> =>
  fetch(`${url()}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Never the 0 that a missing pid would become: that is our own process group. */
function kill(process_: ProcessIdentity | undefined, signal: NodeJS.Signals): void {
  if (process_ === undefined) throw new Error("there is no such process");
  process.kill(process_.pid, signal);
}

/** Postgres ends its own processes when it sees one of them killed, so that some are gone before their turn. */
function killIfThere(process_: ProcessIdentity): void {
  try {
    kill(process_, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function state(): Promise<State> {
  const found = await readState(dataDir);
  if (found === undefined) throw new Error("there is no state file");
  return found;
}

/** Neither a part nor a database of ours; and the folder is free for the next start. */
async function expectNothingRuns(): Promise<void> {
  expect(await isUp()).toBe(false);
  expect(await waitForEnd(Object.values((await state()).parts), patience.timeout)).toBe(true);
  expect(await processesIn(join(dataDir, "postgres"), "postgres")).toEqual([]);
  const lock = await takeLock(join(dataDir, "asci.lock"));
  expect(lock).toBeDefined();
  await lock?.release();
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "asci-start-"));
  port = await freePort();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, "close");
    child.kill("SIGTERM");
    await ended;
  }
});
afterAll(async () => {
  await run("stop").ended;
  await rm(dataDir, { recursive: true, force: true });
});

describe("start and stop", () => {
  it("says the address, and a generated password once", async () => {
    const first = await start();
    await vi.waitUntil(() => first.lines.some((line) => line.startsWith("Sign in")), patience);
    expect(first.lines.at(-1)).toMatch(/^Sign in as admin with password \S+$/);
    first.child.kill("SIGINT");
    expect(await first.ended).toBe(0);
    expect(await isUp()).toBe(false);

    const second = await start();
    second.child.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    expect(second.lines.join("\n")).not.toContain("Sign in");
  });

  it("refuses a second one on the same data, and leaves the first alone", async () => {
    const first = await start();
    const second = run("start", { ASCI_PORT: String(await freePort()) });
    expect(await second.ended).toBe(1);
    expect(second.lines).toEqual([`ASCI is already running (pid ${first.child.pid}) at ${url()}`]);
    expect(await isUp()).toBe(true);
  });

  it("starts each part that dies again", async () => {
    const { lines } = await start();
    for (const name of ["gateway", "controller", "relay"]) {
      const before = (await state()).parts[name];
      kill(before, "SIGKILL");
      await vi.waitUntil(async () => (await state()).parts[name]?.pid !== before?.pid, patience);
      expect(lines).toContain(`The ${name} ended (signal SIGKILL); it is started again now.`);
    }
    await vi.waitUntil(isUp, patience);
  });

  it("starts a database that dies again, and the parts find it", async () => {
    const { lines } = await start();
    const [postmaster] = (await processesIn(join(dataDir, "postgres"), "postgres")).sort(
      (a, b) => a.pid - b.pid,
    );
    kill(postmaster, "SIGKILL");
    await vi.waitUntil(() => lines.some((line) => line.startsWith("The database")), patience);
    expect(lines.at(-1)).toContain("it is started again now");
    await vi.waitUntil(isUp, patience);
  });

  it("comes back after SIGKILL of everything", async () => {
    const first = await start();
    const { parts } = await state();
    const database = await processesIn(join(dataDir, "postgres"), "postgres");
    for (const each of [...Object.values(parts), ...database]) killIfThere(each);
    first.child.kill("SIGKILL");
    await first.ended;
    await start();
    expect(await isUp()).toBe(true);
  });

  it("leaves no part behind when only the supervisor is killed", async () => {
    const first = await start();
    const parts = Object.values((await state()).parts);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(await waitForEnd(parts, patience.timeout)).toBe(true);
    const database = await processesIn(join(dataDir, "postgres"), "postgres");
    expect(await waitForEnd(database, patience.timeout)).toBe(true);
  });

  it("does away with a part that outlived its supervisor and holds the port", async () => {
    const first = await start();
    const gateway = (await state()).parts["gateway"];
    kill(gateway, "SIGSTOP");
    first.child.kill("SIGKILL");
    await first.ended;
    await start();
    expect((await state()).parts["gateway"]?.pid).not.toBe(gateway?.pid);
    expect(await isUp()).toBe(true);
  });

  it("says that the port is taken, and leaves nothing running", async () => {
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    const command = run("start");
    expect(await command.ended).toBe(1);
    server.close();
    expect(command.lines).toEqual([
      `Port ${port} on 127.0.0.1 is taken by another program: end that, or set ASCI_PORT to a free one.`,
    ]);
  });

  it("says that there is no engine, and leaves nothing running", async () => {
    const command = run("start", { DOCKER_HOST: "unix:///nonexistent/docker.sock" });
    expect(await command.ended).toBe(1);
    expect(command.lines).toEqual([
      expect.stringMatching(/^No Docker engine answers at DOCKER_HOST .*: [^.]+\.$/),
    ]);
    await expectNothingRuns();
  });

  it.each([
    ["a port where nothing listens", "127.0.0.1:1", "127.0.0.1:1/asci", "ECONNREFUSED"],
    [
      "a name that nobody has",
      "nowhere.invalid",
      "nowhere.invalid:5432/asci",
      "ENOTFOUND|EAI_AGAIN",
    ],
  ])("says that no database answers at %s, and not its password", async (_, at, where, code) => {
    const command = run("start", { DATABASE_URL: `postgres://asci:secret@${at}/asci` });
    expect(await command.ended).toBe(1);
    const line = `The database at ${where} does not answer \\((${code})\\): start it, or check DATABASE_URL\\.`;
    expect(command.lines).toEqual([expect.stringMatching(new RegExp(`^${line}$`))]);
    await expectNothingRuns();
  });

  it("says that the database refuses it, and why", async () => {
    const owner = postgres(inject("postgresUrl"), { max: 1, onnotice: () => undefined });
    const name = `asci_start_${randomUUID().slice(0, 8)}`;
    await owner.unsafe(`create role ${name} login password 'right'`);
    await owner.unsafe(`create database ${name} owner ${name}`);
    const { host } = new URL(inject("postgresUrl"));
    try {
      for (const [password, database, why] of [
        ["wrong", name, "password authentication failed"],
        ["right", "no_such_one", 'database "no_such_one" does not exist'],
        // It may do what it likes in its own database, and make no logins for the parts.
        ["right", name, "permission denied"],
      ] as const) {
        const command = run("start", {
          DATABASE_URL: `postgres://${name}:${password}@${host}/${database}`,
        });
        expect(await command.ended).toBe(1);
        expect(command.lines).toEqual([expect.stringContaining(why)]);
        expect(command.lines[0]).toMatch(
          /^The database at \S+ refuses ASCI \(.*\): check DATABASE_URL, and that its user may make roles\.$/,
        );
      }
      await expectNothingRuns();
    } finally {
      await owner.unsafe(`drop database ${name} with (force)`);
      await owner.unsafe(`drop role ${name}`);
      await owner.end();
    }
  });

  it("names every wrong setting at once", async () => {
    const command = run("start", { ASCI_PORT: "http", ASCI_DEMO: "maybe" });
    expect(await command.ended).toBe(1);
    expect(command.lines.slice(1).map((line) => line.trim().split(":")[0])).toEqual([
      "ASCI_PORT",
      "ASCI_DEMO",
    ]);
  });

  it("stops with its desktops, but nobody else's", async () => {
    const running = await start();
    const { installationId = "" } = await state();
    const [image] = await docker.listImages({ filters: { label: ["asci.image=base"] } });
    const container = async (label: string): Promise<Docker.Container> => {
      const made = await docker.createContainer({
        Image: image?.Id ?? "",
        Entrypoint: ["sleep", "600"],
        Labels: { "asci.installation": label },
      });
      await made.start();
      return made;
    };
    const ours = await container(installationId);
    const theirs = await container("11111111-1111-4111-8111-111111111111");
    try {
      const stop = run("stop");
      expect(await stop.ended).toBe(0);
      expect(await running.ended).toBe(0);
      expect(stop.lines).toEqual(["ASCI is stopped", "Ended 1 desktop"]);
      await expect(ours.inspect()).rejects.toMatchObject({ statusCode: 404 });
      expect((await theirs.inspect()).State.Running).toBe(true);
      await expect(stat(runDirOf(installationId))).rejects.toMatchObject({ code: "ENOENT" });
    } finally {
      await theirs.remove({ force: true });
    }
  });

  it("has nothing to stop twice", async () => {
    const stop = run("stop");
    expect(await stop.ended).toBe(0);
    expect(stop.lines).toEqual(["ASCI was not running"]);
  });
});
