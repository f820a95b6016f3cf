import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import connect from "postgres";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "./ports.ts";
import type { PostgresClients } from "./postgres-clients.ts";
import { startPostgres } from "./postgres.ts";
import type { Postgres } from "./postgres.ts";
import { identify, waitForEnd } from "./process-identity.ts";

const password = "not-a-secret";
let directory: string;
let dataDir: string;
const running: Postgres[] = [];

async function start(
  options: { port?: number; clients?: PostgresClients[] } = {},
): Promise<Postgres> {
  const started = await startPostgres({
    dataDir,
    logFile: join(directory, "postgres.log"),
    password,
    ...options,
  });
  running.push(started);
  return started;
}

async function query<Row>(url: string, text: string): Promise<Row[]> {
  const sql = connect(url, { max: 1, onnotice: () => undefined });
  try {
    return [...(await sql.unsafe<Row[]>(text))];
  } finally {
    await sql.end();
  }
}

// mkdtemp makes a folder that is closed to everyone but us: Postgres runs below it all the same.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "asci-postgres-"));
  dataDir = join(directory, "postgres");
  // What an interrupted initdb left.
  await mkdir(`${dataDir}.new`);
  await writeFile(join(`${dataDir}.new`, "PG_VERSION"), "18\n");
  const first = await start();
  await query(first.url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)");
  await first.stop();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((postgres) => postgres.stop()));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const kept = (url: string): Promise<{ n: number }[]> => query(url, "SELECT n FROM kept");

describe("startPostgres", () => {
  it("keeps what it was given over a stop, durably and on loopback only", async () => {
    const { url } = await start();
    expect(await kept(url)).toEqual([{ n: 1 }]);
    const settings = await query<{ name: string; setting: string }>(
      url,
      `SELECT name, setting FROM pg_settings WHERE name IN
        ('fsync', 'synchronous_commit', 'listen_addresses', 'unix_socket_directories', 'data_checksums')`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: "on",
      synchronous_commit: "on",
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      data_checksums: "on",
    });
  });

  it("lets in those networks that it is told, by password, and no others", async () => {
    const { url, port } = await start({
      clients: [{ address: "127.0.0.2", network: "127.0.0.3/32" }],
    });
    const from = async (localAddress: string, address: string, as = url) => {
      const there = new URL(as);
      there.hostname = address;
      const socket = async () => {
        const made = createConnection({ host: address, port, localAddress });
        await once(made, "connect");
        return made;
      };
      const sql = connect(there.href, { max: 1, socket } as object);
      try {
        return [...(await sql`SELECT n FROM kept`)];
      } finally {
        await sql.end();
      }
    };
    const wrong = url.replace(password, "wrong");
    expect(await from("127.0.0.3", "127.0.0.2")).toEqual([{ n: 1 }]);
    expect(await from("127.0.0.1", "127.0.0.1")).toEqual([{ n: 1 }]);
    await expect(from("127.0.0.3", "127.0.0.2", wrong)).rejects.toMatchObject({ code: "28P01" });
    await expect(from("127.0.0.4", "127.0.0.2")).rejects.toMatchObject({ code: "28000" });
    await expect(from("127.0.0.3", "127.0.0.5")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("asks for its password", async () => {
    const { url } = await start();
    await expect(kept(url.replace(password, "wrong"))).rejects.toMatchObject({ code: "28P01" });
  });

  it("does not run as root", async () => {
    const { pid } = await start();
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    expect(status).not.toMatch(/^Uid:.*\b0\b/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  });

  it("comes back after SIGKILL, though its pid file names a process that lives", async () => {
    const first = await start();
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const { uid, gid } = await stat(dataDir);
    const stranger = spawn("sleep", ["600"], { uid, gid, stdio: "ignore" });
    const pidFile = join(dataDir, "postmaster.pid");
    const stale = await readFile(pidFile, "utf8");
    await writeFile(pidFile, stale.replace(/^\d+/, String(stranger.pid)));
    try {
      expect(await kept((await start()).url)).toEqual([{ n: 1 }]);
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill();
    }
  });

  it("does not wait for sessions that outlived a killed postmaster", async () => {
    const first = await start();
    const sql = connect(first.url, { max: 1, onnotice: () => undefined });
    const [session] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    if (session === undefined) throw new Error("the session has no pid");
    const sessionPid = session.pid;
    // Stopped, it cannot notice that its postmaster is gone.
    process.kill(sessionPid, "SIGSTOP");
    process.kill(first.pid, "SIGKILL");
    const second = await start();
    expect(await kept(second.url)).toEqual([{ n: 1 }]);
    expect(await identify(sessionPid)).toBeUndefined();
    await sql.end({ timeout: 0 });
  });

  it("takes over from one that still runs on the folder", async () => {
    const first = await start();
    const second = await start();
    await first.exited;
    expect(await kept(second.url)).toEqual([{ n: 1 }]);
  });

  it("ends when the process that started it is killed", async () => {
    const script = `const { startPostgres } = await import(${JSON.stringify(join(import.meta.dirname, "postgres.ts"))});
      const started = await startPostgres(${JSON.stringify({ dataDir, password, logFile: join(directory, "postgres.log") })});
      console.log(started.pid);
      setInterval(() => undefined, 1000);`;
    const starter = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: starter.stdout }), "line")) as [string];
    const postmaster = await identify(Number(line));
    starter.kill("SIGKILL");
    if (postmaster === undefined) throw new Error("it did not start");
    expect(await waitForEnd([postmaster], 30_000)).toBe(true);
  });

  it("comes back on the port that it is told", async () => {
    const port = await freePort();
    expect((await start({ port })).port).toBe(port);
  });

  it("says that a port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(start({ port })).rejects.toThrow("Address already in use");
    server.close();
  });

  it("refuses a folder made by a newer Postgres, and touches nothing", async () => {
    const versionFile = join(dataDir, "PG_VERSION");
    const version = await readFile(versionFile, "utf8");
    await writeFile(versionFile, "99\n");
    await expect(start()).rejects.toMatchObject({ code: "postgres_version" });
    await writeFile(versionFile, version);
    expect(await kept((await start()).url)).toEqual([{ n: 1 }]);
  });

  it("says that the keys are not those of the folder", async () => {
    const logFile = join(directory, "postgres.log");
    await expect(startPostgres({ dataDir, logFile, password: "other" })).rejects.toThrow(
      "does not take the password",
    );
  });
});
